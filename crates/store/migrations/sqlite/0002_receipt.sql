-- Receipts of AS2 messages: the one we gave to a message that arrived, and those that came back for what we
-- sent. A partner's Message-ID is taken once; the digest tells whether it comes again with other content.

create table receipt (
    id integer primary key autoincrement,
    message integer not null references message,
    partner text not null,
    flow text not null check (flow in ('in', 'out')),
    key text not null,
    digest blob not null check (length(digest) = 32),
    bytes blob not null,
    at integer not null
) strict;
create unique index receipt_key on receipt (partner, key) where flow = 'in';
create index receipt_message on receipt (message);

-- What an answer has to say beside what it names, e.g. the MIC of an AS2 message.
alter table expectation add column wanted text;
