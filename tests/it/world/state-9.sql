BEGIN TRANSACTION;
CREATE TABLE bookmarks (
    domain       TEXT NOT NULL,
    each_        TEXT NOT NULL,             -- member of the fan-out, empty where there is none
    purpose      TEXT NOT NULL,             -- coverage, overlap
    from_at      TEXT NOT NULL,
    to_at        TEXT NOT NULL,
    run_id       TEXT NOT NULL,
    format       INTEGER NOT NULL,          -- of the state
    fingerprint  TEXT NOT NULL,             -- of everything that must be the same for the state to mean something
    state        TEXT NOT NULL,             -- JSON
    checksum     TEXT NOT NULL,             -- of the whole row
    written_at   TEXT NOT NULL,
    PRIMARY KEY (domain, each_, purpose, from_at, to_at)
) STRICT;
CREATE TABLE by_hand (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    domain  TEXT NOT NULL,
    each_   TEXT NOT NULL,                  -- member of the fan-out, empty where there is none
    act     TEXT NOT NULL,                  -- rewind, unlock
    detail  TEXT NOT NULL,                  -- in words
    who     TEXT NOT NULL,
    at      TEXT NOT NULL
) STRICT;
CREATE TABLE coverage (
    domain   TEXT NOT NULL,
    each_    TEXT NOT NULL,
    clock    TEXT NOT NULL,
    from_at  TEXT NOT NULL,
    to_at    TEXT NOT NULL,
    PRIMARY KEY (domain, each_, clock, from_at),
    CHECK (from_at < to_at)
) STRICT;
INSERT INTO "coverage" VALUES('shop.charges','','created','2026-10-28T05:09:48.000000Z','2026-11-27T05:09:46.000000Z');
CREATE TABLE ended_domains (
    run_id    TEXT NOT NULL REFERENCES runs,
    domain    TEXT NOT NULL,
    report    TEXT NOT NULL,                        -- JSON
    ended_at  TEXT NOT NULL,
    PRIMARY KEY (run_id, domain)
) STRICT;
CREATE TABLE finding_history (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    domain   TEXT NOT NULL,
    each_    TEXT NOT NULL,
    key      TEXT NOT NULL,
    episode  INTEGER NOT NULL,
    state    TEXT NOT NULL,
    at       TEXT NOT NULL,
    run_id   TEXT NOT NULL,
    note     TEXT
, act TEXT, actor TEXT) STRICT;
INSERT INTO "finding_history" VALUES(1,'shop.charges','','ch_003',1,'open','2026-11-27T05:09:48.082000Z','01a21b68-e18b-722a-8b87-00fd8e0d8935',NULL,NULL,NULL);
INSERT INTO "finding_history" VALUES(2,'shop.charges','','ch_lost',1,'open','2026-11-27T05:09:48.082000Z','01a21b68-e18b-722a-8b87-00fd8e0d8935',NULL,NULL,NULL);
CREATE TABLE findings (
    domain           TEXT NOT NULL,
    each_            TEXT NOT NULL,
    key              TEXT NOT NULL,
    kind             TEXT NOT NULL,         -- missing, mismatched, orphaned, unreadable
    state            TEXT NOT NULL,         -- suspected, open, emitted, repaired, held, healed, recurring, ignored
    episode          INTEGER NOT NULL,
    reemissions      INTEGER NOT NULL,
    digest           TEXT NOT NULL,
    fields           TEXT NOT NULL,         -- JSON
    reason           TEXT,
    amount_minor     TEXT,                  -- a whole number of up to 39 digits
    currency         TEXT,
    clock_at         TEXT,                  -- the item's own time
    first_seen       TEXT NOT NULL,
    last_seen        TEXT NOT NULL,
    acknowledged_at  TEXT,
    closed_at        TEXT,
    event_id         TEXT,
    run_id           TEXT NOT NULL, occurred_at TEXT, held_by TEXT, ignored_until TEXT, ignored_why TEXT, interventions INTEGER NOT NULL DEFAULT 0, owner TEXT, cause TEXT, cause_why TEXT,
    PRIMARY KEY (domain, each_, key)
) STRICT;
INSERT INTO "findings" VALUES('shop.charges','','ch_003','mismatched','open',1,0,'6dee2afa8a68604be492c255b4db8dc301fa58a797ed7ed666c2c204f85d4ca7','[{"field":"amount","upstream":"5","local":"1003"}]',NULL,'-998','USD','2026-11-27T00:09:47.000000Z','2026-11-27T05:09:48.082000Z','2026-11-27T05:09:48.082000Z',NULL,NULL,'99d00b1b-beba-591c-a0d7-bc225475deef','01a21b68-e18b-722a-8b87-00fd8e0d8935','2026-11-27T00:09:47.000000Z',NULL,NULL,NULL,0,NULL,NULL,NULL);
INSERT INTO "findings" VALUES('shop.charges','','ch_lost','missing','open',1,0,'8ab8a72e0323dbd3a9346cadf316b963c2196abe2211f367f93bc3565c30f89e','[{"field":"amount","upstream":"500"},{"field":"currency","upstream":"\"usd\""},{"field":"status","upstream":"\"PAID\""}]',NULL,'500','USD','2026-11-27T00:09:48.000000Z','2026-11-27T05:09:48.082000Z','2026-11-27T05:09:48.082000Z',NULL,NULL,'9e323e7c-afd3-5e8c-a6f9-1862c32efb3a','01a21b68-e18b-722a-8b87-00fd8e0d8935','2026-11-27T00:09:48.000000Z',NULL,NULL,NULL,0,NULL,NULL,NULL);
CREATE TABLE kept_pages (
    provider  TEXT NOT NULL,
    request   TEXT NOT NULL,                -- digest of what was asked
    sealed    TEXT NOT NULL,                -- encrypted
    kept_at   TEXT NOT NULL,
    PRIMARY KEY (provider, request)
) STRICT;
CREATE TABLE leases (
    domain       TEXT NOT NULL,
    each_        TEXT NOT NULL,             -- member of the fan-out, empty where there is none
    token        INTEGER NOT NULL,
    holder       TEXT,                      -- NULL: free
    run_id       TEXT,
    acquired_at  TEXT NOT NULL,
    expires_at   TEXT NOT NULL, process TEXT,
    PRIMARY KEY (domain, each_)
) STRICT;
INSERT INTO "leases" VALUES('shop.charges','',1,NULL,NULL,'2026-11-27T05:09:48.045000Z','2026-11-27T05:10:03.045000Z',NULL);
CREATE TABLE outbox (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id       TEXT NOT NULL UNIQUE,
    domain         TEXT NOT NULL,
    each_          TEXT NOT NULL,
    key            TEXT NOT NULL,
    kind           TEXT NOT NULL,
    episode        INTEGER NOT NULL,
    queue          TEXT NOT NULL,
    source         TEXT NOT NULL,
    type           TEXT NOT NULL,
    subject        TEXT NOT NULL,
    payload        TEXT NOT NULL,           -- the CloudEvent as JSON
    state          TEXT NOT NULL,           -- staged, pending, held, sent, dead, superseded
    class          TEXT,                    -- of a dead event
    reason         TEXT,                    -- why it is held or dead, or the last failed attempt
    attempts       INTEGER NOT NULL DEFAULT 0,
    run_id         TEXT NOT NULL,
    staged_at      TEXT NOT NULL,
    due_at         TEXT NOT NULL,           -- not sent before
    claimed_by     TEXT,
    claimed_until  TEXT,
    finished_at    TEXT                     -- sent, dead or superseded
) STRICT;
INSERT INTO "outbox" VALUES(1,'99d00b1b-beba-591c-a0d7-bc225475deef','shop.charges','','ch_003','mismatched',1,'shop','/tieout/shop.charges','com.example.charge.updated','ch_003','{"specversion":"1.0","id":"99d00b1b-beba-591c-a0d7-bc225475deef","source":"/tieout/shop.charges","type":"com.example.charge.updated","subject":"ch_003","time":"2026-11-27T05:09:48.082Z","datacontenttype":"application/json","tieoutrun":"01a21b68-e18b-722a-8b87-00fd8e0d8935","tieoutkind":"mismatched","tieoutepisode":1,"data":{"amount":5,"billing_details":{"address":{"country":"NL"},"email":null},"created":1795738187,"currency":"usd","id":"ch_003","metadata":{"order":"order-ch_003"},"object":"charge","status":"succeeded"}}','pending',NULL,NULL,0,'01a21b68-e18b-722a-8b87-00fd8e0d8935','2026-11-27T05:09:48.082000Z','2026-11-27T05:09:48.083000Z',NULL,NULL,NULL);
INSERT INTO "outbox" VALUES(2,'9e323e7c-afd3-5e8c-a6f9-1862c32efb3a','shop.charges','','ch_lost','missing',1,'shop','/tieout/shop.charges','com.example.charge.created','ch_lost','{"specversion":"1.0","id":"9e323e7c-afd3-5e8c-a6f9-1862c32efb3a","source":"/tieout/shop.charges","type":"com.example.charge.created","subject":"ch_lost","time":"2026-11-27T05:09:48.082Z","datacontenttype":"application/json","tieoutrun":"01a21b68-e18b-722a-8b87-00fd8e0d8935","tieoutkind":"missing","tieoutepisode":1,"data":{"amount":500,"billing_details":{"address":{"country":"NL"},"email":null},"created":1795738188,"currency":"usd","id":"ch_lost","metadata":{"order":"order-ch_lost"},"object":"charge","status":"succeeded"}}','pending',NULL,NULL,0,'01a21b68-e18b-722a-8b87-00fd8e0d8935','2026-11-27T05:09:48.082000Z','2026-11-27T05:09:48.083000Z',NULL,NULL,NULL);
CREATE TABLE overlap_scans (
    domain        TEXT NOT NULL,
    each_         TEXT NOT NULL,
    clock         TEXT NOT NULL,
    through       TEXT NOT NULL,            -- the feed's time
    completed_at  TEXT NOT NULL,
    PRIMARY KEY (domain, each_, clock)
) STRICT;
CREATE TABLE runs (
    run_id        TEXT PRIMARY KEY,
    mode          TEXT NOT NULL,            -- run, plan
    trigger       TEXT NOT NULL,
    args          TEXT NOT NULL,            -- JSON
    version       TEXT NOT NULL,            -- of the program
    status        TEXT NOT NULL,            -- running, done, partial, held, failed, skipped, interrupted
    exit_code     INTEGER,
    report        TEXT,                     -- JSON
    started_at    TEXT NOT NULL,            -- the process's clock
    heartbeat_at  TEXT NOT NULL,
    finished_at   TEXT
, process TEXT, resumes TEXT, successor TEXT, history_after INTEGER NOT NULL DEFAULT 0, outbox_after INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "runs" VALUES('01a21b68-e18b-722a-8b87-00fd8e0d8935','run','manual','{"domains":["shop.charges"],"scope":"coverage","max_emits":null,"baseline":false}','0.1.0','partial',3,'{"schema":"tieout.run/v1","run_id":"01a21b68-e18b-722a-8b87-00fd8e0d8935","tool_version":"0.1.0","mode":"run","selected":["shop.charges"],"started_at":"2026-11-27T05:09:48.043200Z","finished_at":"2026-11-27T05:09:48.086Z","status":"partial","exit":{"code":3,"reasons":["undelivered:shop.charges"]},"domains":[{"domain":"shop.charges","status":"partial","complete":true,"failure":null,"exit_code":0,"ranges":[["2026-10-28T05:09:48Z","2026-11-27T05:09:47Z"]],"ceiling":"2026-11-27T05:09:46Z","settle_seconds":1,"verified_through":"2026-11-27T05:09:46Z","pages":15,"api_requests":{"ok":17,"throttled":0,"failed":0},"seconds":0.0401648,"items":{"upstream":13,"local":12,"matched":11,"mismatched":1,"missing":1,"orphaned":0,"pending":{"upstream":0,"local":0},"unreadable":{"upstream":0,"local":0},"ignored":{"upstream":0,"local":0}},"overlap":{"upstream":0,"local":0,"matched":0,"mismatched":0,"missing":0,"orphaned":0,"pending":{"upstream":0,"local":0},"unreadable":{"upstream":0,"local":0},"ignored":{"upstream":0,"local":0}},"follow_up":{"checked":0,"repaired":0,"healed":0,"emitted_not_repaired":0,"recurring":0},"tonight":{"new":2,"reopened":0,"sent_again":0,"repaired":0,"healed":0,"parked":0,"time_to_detect":{"median_seconds":18000,"worst_seconds":18001,"of":2},"time_to_repair":null},"standing":{"suspected":0,"open":2,"emitted":0,"held":0,"recurring":0,"ignored":0,"still_open":0,"oldest":"2026-11-27T05:09:48.082Z","owners":[],"held_sets":[]},"events":{"planned":2,"held":0,"emitted":0,"dead":0,"waiting":2},"amounts":[{"currency":"USD","upstream":"115.68","local":"120.66","difference":"-4.98","missing":"5.00","mismatched":"-9.98","orphaned":"0.00","unexplained":"0.00"}],"limits":[],"problems":[],"notes":["first run: it begins 30 days back, at 2026-10-28T05:09:48Z; `policy: {start: ...}` says otherwise"],"findings":[{"key":"ch_lost","kind":"missing","state":"open","episode":1,"fields":[{"field":"amount","upstream":"500"},{"field":"currency","upstream":"\"usd\""},{"field":"status","upstream":"\"PAID\""}],"amount":"5.00","currency":"USD","event_type":"com.example.charge.created","event_id":"9e323e7c-afd3-5e8c-a6f9-1862c32efb3a"},{"key":"ch_003","kind":"mismatched","state":"open","episode":1,"fields":[{"field":"amount","upstream":"5","local":"1003"}],"amount":"-9.98","currency":"USD","event_type":"com.example.charge.updated","event_id":"99d00b1b-beba-591c-a0d7-bc225475deef"}],"findings_not_listed":0}]}','2026-11-27T05:09:48.043200Z','2026-11-27T05:09:48.086000Z','2026-11-27T05:09:48.086000Z','df777c58-2d06-49dc-8e2f-6c1dd0ce1011 pid:[4026531836] 7498 396506',NULL,NULL,0,0);
CREATE TABLE saved_tokens (
    domain    TEXT NOT NULL,
    each_     TEXT NOT NULL,                -- member of the fan-out, empty where there is none
    feed      TEXT NOT NULL,                -- provider/feed
    token     TEXT NOT NULL,
    run_id    TEXT NOT NULL,
    saved_at  TEXT NOT NULL,
    PRIMARY KEY (domain, each_, feed)
) STRICT;
CREATE TABLE slices (
    run_id        TEXT NOT NULL REFERENCES runs,
    domain        TEXT NOT NULL,
    each_         TEXT NOT NULL,
    purpose       TEXT NOT NULL,            -- coverage, overlap
    from_at       TEXT NOT NULL,            -- the feed's time
    to_at         TEXT NOT NULL,
    counts        TEXT NOT NULL,            -- JSON
    committed_at  TEXT NOT NULL,
    PRIMARY KEY (run_id, domain, each_, purpose, from_at, to_at)
) STRICT;
INSERT INTO "slices" VALUES('01a21b68-e18b-722a-8b87-00fd8e0d8935','shop.charges','','coverage','2026-10-28T05:09:48.000000Z','2026-10-29T05:09:48.000000Z','{"complete":true,"counts":{"local":0,"matched":0,"nameless":0,"repeated":0,"upstream":0},"items":{"ignored":{"local":0,"upstream":0},"local":0,"matched":0,"mismatched":0,"missing":0,"orphaned":0,"pending":{"local":0,"upstream":0},"unreadable":{"local":0,"upstream":0},"upstream":0}}','2026-11-27T05:09:48.053000Z');
INSERT INTO "slices" VALUES('01a21b68-e18b-722a-8b87-00fd8e0d8935','shop.charges','','coverage','2026-10-29T05:09:48.000000Z','2026-10-30T05:09:48.000000Z','{"complete":true,"counts":{"local":0,"matched":0,"nameless":0,"repeated":0,"upstream":0},"items":{"ignored":{"local":0,"upstream":0},"local":0,"matched":0,"mismatched":0,"missing":0,"orphaned":0,"pending":{"local":0,"upstream":0},"unreadable":{"local":0,"upstream":0},"upstream":0}}','2026-11-27T05:09:48.059000Z');
INSERT INTO "slices" VALUES('01a21b68-e18b-722a-8b87-00fd8e0d8935','shop.charges','','coverage','2026-10-30T05:09:48.000000Z','2026-10-31T05:09:48.000000Z','{"complete":true,"counts":{"local":0,"matched":0,"nameless":0,"repeated":0,"upstream":0},"items":{"ignored":{"local":0,"upstream":0},"local":0,"matched":0,"mismatched":0,"missing":0,"orphaned":0,"pending":{"local":0,"upstream":0},"unreadable":{"local":0,"upstream":0},"upstream":0}}','2026-11-27T05:09:48.060000Z');
INSERT INTO "slices" VALUES('01a21b68-e18b-722a-8b87-00fd8e0d8935','shop.charges','','coverage','2026-10-31T05:09:48.000000Z','2026-11-01T05:09:48.000000Z','{"complete":true,"counts":{"local":0,"matched":0,"nameless":0,"repeated":0,"upstream":0},"items":{"ignored":{"local":0,"upstream":0},"local":0,"matched":0,"mismatched":0,"missing":0,"orphaned":0,"pending":{"local":0,"upstream":0},"unreadable":{"local":0,"upstream":0},"upstream":0}}','2026-11-27T05:09:48.061000Z');
INSERT INTO "slices" VALUES('01a21b68-e18b-722a-8b87-00fd8e0d8935','shop.charges','','coverage','2026-11-01T05:09:48.000000Z','2026-11-02T05:09:48.000000Z','{"complete":true,"counts":{"local":0,"matched":0,"nameless":0,"repeated":0,"upstream":0},"items":{"ignored":{"local":0,"upstream":0},"local":0,"matched":0,"mismatched":0,"missing":0,"orphaned":0,"pending":{"local":0,"upstream":0},"unreadable":{"local":0,"upstream":0},"upstream":0}}','2026-11-27T05:09:48.063000Z');
INSERT INTO "slices" VALUES('01a21b68-e18b-722a-8b87-00fd8e0d8935','shop.charges','','coverage','2026-11-02T05:09:48.000000Z','2026-11-03T05:09:48.000000Z','{"complete":true,"counts":{"local":0,"matched":0,"nameless":0,"repeated":0,"upstream":0},"items":{"ignored":{"local":0,"upstream":0},"local":0,"matched":0,"mismatched":0,"missing":0,"orphaned":0,"pending":{"local":0,"upstream":0},"unreadable":{"local":0,"upstream":0},"upstream":0}}','2026-11-27T05:09:48.068000Z');
INSERT INTO "slices" VALUES('01a21b68-e18b-722a-8b87-00fd8e0d8935','shop.charges','','coverage','2026-11-03T05:09:48.000000Z','2026-11-04T05:09:48.000000Z','{"complete":true,"counts":{"local":0,"matched":0,"nameless":0,"repeated":0,"upstream":0},"items":{"ignored":{"local":0,"upstream":0},"local":0,"matched":0,"mismatched":0,"missing":0,"orphaned":0,"pending":{"local":0,"upstream":0},"unreadable":{"local":0,"upstream":0},"upstream":0}}','2026-11-27T05:09:48.069000Z');
INSERT INTO "slices" VALUES('01a21b68-e18b-722a-8b87-00fd8e0d8935','shop.charges','','coverage','2026-11-04T05:09:48.000000Z','2026-11-05T05:09:48.000000Z','{"complete":true,"counts":{"local":0,"matched":0,"nameless":0,"repeated":0,"upstream":0},"items":{"ignored":{"local":0,"upstream":0},"local":0,"matched":0,"mismatched":0,"missing":0,"orphaned":0,"pending":{"local":0,"upstream":0},"unreadable":{"local":0,"upstream":0},"upstream":0}}','2026-11-27T05:09:48.070000Z');
INSERT INTO "slices" VALUES('01a21b68-e18b-722a-8b87-00fd8e0d8935','shop.charges','','coverage','2026-11-05T05:09:48.000000Z','2026-11-09T05:09:48.000000Z','{"complete":true,"counts":{"local":0,"matched":0,"nameless":0,"repeated":0,"upstream":0},"items":{"ignored":{"local":0,"upstream":0},"local":0,"matched":0,"mismatched":0,"missing":0,"orphaned":0,"pending":{"local":0,"upstream":0},"unreadable":{"local":0,"upstream":0},"upstream":0}}','2026-11-27T05:09:48.073000Z');
INSERT INTO "slices" VALUES('01a21b68-e18b-722a-8b87-00fd8e0d8935','shop.charges','','coverage','2026-11-09T05:09:48.000000Z','2026-11-13T05:09:48.000000Z','{"complete":true,"counts":{"local":0,"matched":0,"nameless":0,"repeated":0,"upstream":0},"items":{"ignored":{"local":0,"upstream":0},"local":0,"matched":0,"mismatched":0,"missing":0,"orphaned":0,"pending":{"local":0,"upstream":0},"unreadable":{"local":0,"upstream":0},"upstream":0}}','2026-11-27T05:09:48.074000Z');
INSERT INTO "slices" VALUES('01a21b68-e18b-722a-8b87-00fd8e0d8935','shop.charges','','coverage','2026-11-13T05:09:48.000000Z','2026-11-17T05:09:48.000000Z','{"complete":true,"counts":{"local":0,"matched":0,"nameless":0,"repeated":0,"upstream":0},"items":{"ignored":{"local":0,"upstream":0},"local":0,"matched":0,"mismatched":0,"missing":0,"orphaned":0,"pending":{"local":0,"upstream":0},"unreadable":{"local":0,"upstream":0},"upstream":0}}','2026-11-27T05:09:48.075000Z');
INSERT INTO "slices" VALUES('01a21b68-e18b-722a-8b87-00fd8e0d8935','shop.charges','','coverage','2026-11-17T05:09:48.000000Z','2026-11-21T05:09:48.000000Z','{"complete":true,"counts":{"local":0,"matched":0,"nameless":0,"repeated":0,"upstream":0},"items":{"ignored":{"local":0,"upstream":0},"local":0,"matched":0,"mismatched":0,"missing":0,"orphaned":0,"pending":{"local":0,"upstream":0},"unreadable":{"local":0,"upstream":0},"upstream":0}}','2026-11-27T05:09:48.076000Z');
INSERT INTO "slices" VALUES('01a21b68-e18b-722a-8b87-00fd8e0d8935','shop.charges','','coverage','2026-11-21T05:09:48.000000Z','2026-11-25T05:09:48.000000Z','{"complete":true,"counts":{"local":0,"matched":0,"nameless":0,"repeated":0,"upstream":0},"items":{"ignored":{"local":0,"upstream":0},"local":0,"matched":0,"mismatched":0,"missing":0,"orphaned":0,"pending":{"local":0,"upstream":0},"unreadable":{"local":0,"upstream":0},"upstream":0}}','2026-11-27T05:09:48.077000Z');
INSERT INTO "slices" VALUES('01a21b68-e18b-722a-8b87-00fd8e0d8935','shop.charges','','coverage','2026-11-25T05:09:48.000000Z','2026-11-27T05:09:47.000000Z','{"complete":true,"counts":{"local":12,"matched":11,"nameless":0,"repeated":0,"upstream":13},"items":{"ignored":{"local":0,"upstream":0},"local":12,"matched":11,"mismatched":1,"missing":1,"orphaned":0,"pending":{"local":0,"upstream":0},"unreadable":{"local":0,"upstream":0},"upstream":13}}','2026-11-27T05:09:48.082000Z');
CREATE TABLE tieout_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO "tieout_migrations" VALUES(1,'first','2026-11-27 05:09:48',1,X'195EEBAFF45D3B6B59944A01683316CF53E660DA2CC8B21DD5F57F1C3562617DE0898C53C1CB3E8AA8B5B03B6F61F79B',1159935);
INSERT INTO "tieout_migrations" VALUES(2,'tokens','2026-11-27 05:09:48',1,X'D5405D5C988F1A53D803AF41134CF33123949371BF35E8151E286A21B5A5DE432F12BF7B608FDCF2F94E3326A3157097',200178);
INSERT INTO "tieout_migrations" VALUES(3,'saved tokens','2026-11-27 05:09:48',1,X'FAB946D057E3A4D138292014AD09B28077E785E19690A923302F129A22AA9E98E39E4FB24A26A527064CFADAA9BCF6EA',140579);
INSERT INTO "tieout_migrations" VALUES(4,'kept pages','2026-11-27 05:09:48',1,X'CED5C996BE823B26E17E4F1508231FD2F9E3D6825E82584F1A122B33084C61DB828038C32BB7E9E384475C80EE108B5B',118235);
INSERT INTO "tieout_migrations" VALUES(5,'lives','2026-11-27 05:09:48',1,X'2935446D00E6BED4D7F5ABAA3740AEF296E3DC64ED05A4BFBE7979AF57095F37D82226DF27B03021C3A6B942DA541B9E',3539934);
INSERT INTO "tieout_migrations" VALUES(6,'causes','2026-11-27 05:09:48',1,X'BC14FE9A9B78956A349366F649DCCFD8E64288A0B427BCD1EE85715E8273A0A5DCDDC230E82B51B8D35BB56C19E8FCFE',2809867);
INSERT INTO "tieout_migrations" VALUES(7,'by hand','2026-11-27 05:09:48',1,X'53ADF1FD754F5213F7B1398CD00B0A53A7B4DF12E417E09F1C4681F5B2174143FCF3383315AFE5F89F4A6943B929A596',123503);
INSERT INTO "tieout_migrations" VALUES(8,'bookmarks','2026-11-27 05:09:48',1,X'2DACB4857265C0ABD02D3B7D2311FB7FA9B96643F701A5FCA3DB2EDF213C3A45AABCE7420E8B239EF8C760EE451939AC',94581);
INSERT INTO "tieout_migrations" VALUES(9,'leases','2026-11-27 05:09:48',1,X'9EAAB7075DEAD4C87D550A4440375768348D39750BB48CE5D9B694D03026484B37B9B1725532D7434909032DF9305E80',1120336);
CREATE TABLE tokens (
    credential   TEXT PRIMARY KEY,
    sealed       TEXT,                      -- encrypted; NULL before the first refresh
    claim        INTEGER NOT NULL,
    claimed      INTEGER NOT NULL,          -- 1: somebody refreshes
    expires_at   TEXT NOT NULL,             -- of the claim
    changed_at   TEXT                       -- when the tokens were kept
) STRICT;
CREATE INDEX runs_newest ON runs (started_at DESC, run_id DESC);
CREATE INDEX findings_followed ON findings (domain, each_, first_seen, key)
    WHERE state IN ('suspected', 'open', 'emitted', 'held', 'recurring');
CREATE INDEX findings_by_event ON findings (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX findings_by_state ON findings (state, first_seen);
CREATE INDEX finding_history_of ON finding_history (domain, each_, key, seq);
CREATE INDEX outbox_due ON outbox (queue, seq) WHERE state = 'pending';
CREATE INDEX outbox_of_key ON outbox (domain, each_, key, seq) WHERE state = 'pending';
CREATE INDEX outbox_staged ON outbox (domain, each_, seq) WHERE state = 'staged';
CREATE INDEX outbox_unsent ON outbox (state, domain, queue) WHERE state IN ('staged', 'pending', 'held', 'dead');
CREATE INDEX findings_lapsing ON findings (domain, each_, ignored_until) WHERE state = 'ignored';
CREATE INDEX findings_held ON findings (held_by) WHERE state = 'held';
CREATE INDEX outbox_of_finding ON outbox (domain, each_, key, seq);
CREATE INDEX by_hand_of ON by_hand (domain, seq);
CREATE INDEX leases_of_run ON leases (run_id);
CREATE INDEX runs_running ON runs (heartbeat_at) WHERE status = 'running';
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('outbox',2);
INSERT INTO "sqlite_sequence" VALUES('finding_history',2);
COMMIT;