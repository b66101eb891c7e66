CREATE TABLE quota (
  person TEXT NOT NULL,
  tool TEXT NOT NULL,
  day TEXT NOT NULL,
  calls INTEGER NOT NULL,
  PRIMARY KEY (person, tool, day)
) WITHOUT ROWID;
