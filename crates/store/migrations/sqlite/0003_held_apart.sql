-- An interchange that was held before it was compared with others is compared with none, and none with it:
-- its sender has not spoken. Once it is taken up it stands among the others.
alter table interchange add column apart integer not null default 0 check (apart in (0, 1));

-- What a message released is asked for when it is shown or formed anew.
create index release_message on release (message);
