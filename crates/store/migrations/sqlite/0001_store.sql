-- What happened and what is due. Instants are whole microseconds since 1970, UTC; days are YYYY-MM-DD;
-- flags are 0 and 1. A job that must wait for another of its order key, or is dead, is never ready.

create table message (
    id integer primary key autoincrement,
    partner text,
    flow text not null check (flow in ('in', 'out')),
    channel text not null,
    name text not null,
    content text not null,
    test integer check (test in (0, 1)),
    size integer not null,
    sha256 blob not null check (length(sha256) = 32),
    kept text not null check (kept in ('row', 'file', 'gone')),
    origin text not null,
    state text not null,
    reason text,
    at integer not null,
    changed integer not null,
    same_as integer references message,
    answers integer references interchange
) strict;
create index message_sha256 on message (sha256);
create index message_partner on message (partner, state);
create index message_state on message (state);
create index message_changed on message (changed) where kept <> 'gone';
create index message_answers on message (answers) where answers is not null;
create index message_same_as on message (same_as) where same_as is not null;

-- The bytes of messages that are not in files.
create table payload (
    message integer primary key references message,
    bytes blob not null
) strict;

create table interchange (
    id integer primary key autoincrement,
    message integer not null references message,
    flow text not null check (flow in ('in', 'out')),
    partner text,
    sender text not null,
    receiver text not null,
    control integer not null,
    test integer not null check (test in (0, 1)),
    sha256 blob not null check (length(sha256) = 32),
    place integer not null,
    length integer not null,
    content text not null,
    state text not null,
    reason text,
    standing text not null check (standing in ('first', 'repeat', 'conflict')),
    earlier integer references interchange,
    at integer not null
) strict;
create index interchange_message on interchange (message);
create index interchange_key on interchange (control, sender, receiver, flow, at);

create table event (
    id integer primary key autoincrement,
    message integer not null references message,
    interchange integer references interchange,
    at integer not null,
    what text not null,
    detail text not null
) strict;
create index event_message on event (message);

create table job (
    id integer primary key autoincrement,
    kind text not null,
    message integer references message,
    interchange integer references interchange,
    detail text not null,
    due integer not null,
    order_key text,
    unique_name text,
    attempts integer not null default 0,
    token integer not null default 0,
    worker text,
    lease integer,
    lease_until integer,
    ready integer not null,
    reason text,
    dead integer not null default 0 check (dead in (0, 1))
) strict;
create index job_ready on job (ready, id);
create index job_order on job (order_key, id) where order_key is not null;
create unique index job_unique on job (unique_name) where unique_name is not null and dead = 0;
create index job_message on job (message);

create table counter (
    partner text not null,
    kind text not null,
    next integer not null,
    primary key (partner, kind)
) strict, without rowid;

create table allocation (
    id integer primary key autoincrement,
    partner text not null,
    kind text not null,
    purpose text not null,
    first integer not null,
    count integer not null,
    at integer not null,
    unique (partner, kind, purpose)
) strict;
create index allocation_first on allocation (partner, kind, first);

create table posting (
    id integer primary key autoincrement,
    kind text not null,
    flow text not null check (flow in ('in', 'out')),
    party text not null,
    reference text not null,
    test integer not null check (test in (0, 1)),
    from_day text,
    until_day text,
    amount text,
    record blob not null,
    digest blob not null check (length(digest) = 32),
    message integer not null references message,
    interchange integer references interchange,
    at integer not null,
    unique (kind, flow, party, reference, test)
) strict;
create index posting_message on posting (message);

create table posting_account (
    posting integer not null references posting,
    place integer not null,
    account text not null,
    primary key (posting, place)
) strict, without rowid;
create index posting_account_account on posting_account (account, posting);

create table release (
    posting integer not null references posting,
    partner text not null,
    form text not null,
    message integer not null references message,
    at integer not null,
    primary key (posting, partner, form)
) strict, without rowid;

create table expectation (
    id integer primary key autoincrement,
    message integer not null references message,
    partner text not null,
    kind text not null,
    key text not null,
    warn integer,
    due integer not null,
    warned integer not null default 0 check (warned in (0, 1)),
    standing text not null check (standing in ('open', 'overdue', 'answered', 'dropped')),
    outcome text,
    answered_at integer,
    answered_by integer references interchange,
    detail text
) strict;
create index expectation_key on expectation (partner, kind, key, id);
create index expectation_message on expectation (message);
create index expectation_due on expectation (standing, due);
create index expectation_warn on expectation (warn) where standing = 'open' and warned = 0;

create table schedule_run (
    schedule text not null,
    planned integer not null,
    at integer not null,
    primary key (schedule, planned)
) strict, without rowid;

create table pause (
    schedule text primary key,
    since integer not null,
    reason text not null
) strict, without rowid;

create table seen_file (
    folder text not null,
    name blob not null,
    size integer not null,
    modified integer not null,
    at integer not null,
    primary key (folder, name, size, modified)
) strict, without rowid;

create table failed_login (
    subject text not null,
    at integer not null
) strict;
create index failed_login_subject on failed_login (subject, at);
create index failed_login_at on failed_login (at);

create table ban (
    subject text primary key,
    until integer not null,
    reason text not null
) strict, without rowid;

create table audit (
    id integer primary key autoincrement,
    at integer not null,
    actor text not null,
    action text not null,
    subject text not null,
    detail text not null
) strict;
create index audit_at on audit (at, id);
create index audit_actor on audit (actor, at);
create index audit_subject on audit (subject, at);
