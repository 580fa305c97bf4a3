-- Which process refreshes a token, so that another one on the same host can prove that it is dead. It is about one claim: a program that
-- does not know the columns raises `claim` and leaves them as they are.
ALTER TABLE tokens ADD COLUMN process text;
ALTER TABLE tokens ADD COLUMN process_claim bigint;
