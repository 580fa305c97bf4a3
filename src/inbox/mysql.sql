-- What a consumer has seen, by the source and the id of the event. Names are compared byte by byte.
CREATE TABLE IF NOT EXISTS `{name}` (
    consumer  VARBINARY(128) NOT NULL,
    source    VARBINARY(1024) NOT NULL,
    event_id  VARBINARY(512) NOT NULL,
    seen_at   TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    PRIMARY KEY (consumer, source, event_id)
) ENGINE = InnoDB;
-- The newest version of each subject that a consumer has applied.
CREATE TABLE IF NOT EXISTS `{name}_versions` (
    consumer  VARBINARY(128) NOT NULL,
    source    VARBINARY(1024) NOT NULL,
    subject   VARBINARY(1024) NOT NULL,
    version   DECIMAL(38, 9) NOT NULL,
    PRIMARY KEY (consumer, source, subject)
) ENGINE = InnoDB;
