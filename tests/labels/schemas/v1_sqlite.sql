-- A label store as version 1 of the schema made it, in sqlite.
CREATE TABLE label_classes (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name VARCHAR(200) NOT NULL,
    color VARCHAR(7) NOT NULL,
    hotkey VARCHAR(8),
    attributes TEXT NOT NULL,
    place INTEGER NOT NULL,
    retired SMALLINT DEFAULT '0' NOT NULL,
    UNIQUE (name)
);
CREATE TABLE label_images (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    path TEXT,
    digest VARCHAR(64) NOT NULL,
    bytes BIGINT,
    mtime_ns BIGINT,
    height INTEGER NOT NULL,
    width INTEGER NOT NULL,
    state VARCHAR(20) NOT NULL,
    revision INTEGER NOT NULL,
    UNIQUE (name)
);
CREATE TABLE label_meta (
    "key" VARCHAR(50) NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY ("key")
);
CREATE TABLE label_annotations (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    image_id INTEGER NOT NULL,
    class_id INTEGER NOT NULL,
    counts TEXT,
    x0 DOUBLE,
    y0 DOUBLE,
    x1 DOUBLE,
    y1 DOUBLE,
    area DOUBLE NOT NULL,
    score DOUBLE,
    attributes TEXT NOT NULL,
    note TEXT NOT NULL,
    author VARCHAR(200) NOT NULL,
    crowd SMALLINT NOT NULL,
    FOREIGN KEY(image_id) REFERENCES label_images (id),
    FOREIGN KEY(class_id) REFERENCES label_classes (id)
);
CREATE INDEX label_annotations_of_image ON label_annotations (image_id);
CREATE TABLE label_edits (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    image_id INTEGER,
    who VARCHAR(200) NOT NULL,
    at VARCHAR(40) NOT NULL,
    what TEXT NOT NULL,
    changes TEXT NOT NULL,
    status VARCHAR(10) NOT NULL,
    FOREIGN KEY(image_id) REFERENCES label_images (id)
);
CREATE INDEX label_edits_of_image ON label_edits (image_id, status);
INSERT INTO label_meta VALUES ('version', '1');
INSERT INTO label_classes (name, color, hotkey, attributes, place, retired) VALUES ('leaf', '#2ca02c', 'l', '[{"name": "ripe", "choices": ["yes", "no"]}]', 0, 0);
INSERT INTO label_classes (name, color, hotkey, attributes, place, retired) VALUES ('stem', '#ff7f0e', NULL, '[]', 1, 0);
INSERT INTO label_images (name, path, digest, bytes, mtime_ns, height, width, state, revision) VALUES ('old.png', NULL, '', NULL, NULL, 2, 2, 'submitted', 2);
INSERT INTO label_annotations (image_id, class_id, counts, x0, y0, x1, y1, area, score, attributes, note, author, crowd) VALUES (1, 1, '13', NULL, NULL, NULL, NULL, 3.0, 0.5, '{"ripe": "yes"}', 'it''s old', 'ann', 0);
INSERT INTO label_annotations (image_id, class_id, counts, x0, y0, x1, y1, area, score, attributes, note, author, crowd) VALUES (1, 2, NULL, 0, 0, 1, 0.5, 3.0, NULL, '{}', '', 'bob', 1);
INSERT INTO label_edits (image_id, who, at, what, changes, status) VALUES (NULL, 'ann', '2026-01-05T09:00:00.000+00:00', 'added the class leaf', 'null', 'note');
INSERT INTO label_edits (image_id, who, at, what, changes, status) VALUES (1, 'ann', '2026-01-05T09:01:00.000+00:00', 'added leaf', '{"annotations": [[1, null, {"class_id": 1, "counts": "13", "x0": null, "y0": null, "x1": null, "y1": null, "area": 3.0, "score": 0.5, "attributes": "{\"ripe\": \"yes\"}", "note": "it''s old", "author": "ann", "crowd": 0}]], "state": ["new", "started"]}', 'done');
INSERT INTO label_edits (image_id, who, at, what, changes, status) VALUES (1, 'bob', '2026-01-06T09:01:00.000+00:00', 'added stem, set submitted', '{"annotations": [[2, null, {"class_id": 2, "counts": null, "x0": 0, "y0": 0, "x1": 1, "y1": 0.5, "area": 3.0, "score": null, "attributes": "{}", "note": "", "author": "bob", "crowd": 1}]], "state": ["started", "submitted"]}', 'done');
