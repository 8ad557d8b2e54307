-- The desk's database as the product wrote it before there were revisions: the dump of its file.
BEGIN TRANSACTION;
CREATE TABLE audit_entries (
  sequence INTEGER NOT NULL,
  at VARCHAR NOT NULL,
  who VARCHAR NOT NULL,
  role VARCHAR NOT NULL,
  operation VARCHAR NOT NULL,
  action VARCHAR NOT NULL,
  subject VARCHAR NOT NULL,
  outcome VARCHAR NOT NULL,
  detail VARCHAR NOT NULL,
  session VARCHAR,
  os_user VARCHAR,
  previous_hash VARCHAR NOT NULL,
  entry_hash VARCHAR NOT NULL,
  PRIMARY KEY (sequence),
  UNIQUE (entry_hash)
);
INSERT INTO "audit_entries" VALUES(1,'2023-11-14T22:13:20+00:00','development reviewer','reviewer','consultation','view queue','L-0','done','{}','043a718774c572bd','desk','0000000000000000000000000000000000000000000000000000000000000000','692616f21b6a5b9fc79df88be87309dc2c1776281b17fc36dac74e07b8b138a3');
INSERT INTO "audit_entries" VALUES(2,'2023-11-14T22:13:21+00:00','development reviewer','reviewer','consultation','view queue','L-1','done','{}','043a718774c572bd','desk','692616f21b6a5b9fc79df88be87309dc2c1776281b17fc36dac74e07b8b138a3','9b4a0e69af1ed4efe0d643e413ecd1468057cc44d83523331004f91a2f0e4d63');
INSERT INTO "audit_entries" VALUES(3,'2023-11-14T22:13:22+00:00','development reviewer','reviewer','consultation','view queue','L-2','done','{}','043a718774c572bd','desk','9b4a0e69af1ed4efe0d643e413ecd1468057cc44d83523331004f91a2f0e4d63','b725cf589b83ba635b658263122d2da3a700821465c1211798eaa77df51786ad');
CREATE TABLE ended_sessions (
  session_id VARCHAR NOT NULL,
  ends_at INTEGER NOT NULL,
  PRIMARY KEY (session_id)
);
INSERT INTO "ended_sessions" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',1700030000);
CREATE TABLE open_names (
  session_id VARCHAR NOT NULL,
  justification VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  ends_at INTEGER NOT NULL,
  PRIMARY KEY (session_id)
);
INSERT INTO "open_names" VALUES('bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','daily_review','the day''s list',1700003600);
CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
COMMIT;
