BEGIN TRANSACTION;
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
	stability DOUBLE, 
	disagreement DOUBLE, 
	proposed SMALLINT DEFAULT '0' NOT NULL, 
	made_with TEXT DEFAULT '' NOT NULL, 
	place INTEGER DEFAULT '0' NOT NULL, 
	FOREIGN KEY(image_id) REFERENCES label_images (id), 
	FOREIGN KEY(class_id) REFERENCES label_classes (id)
);
INSERT INTO "label_annotations" VALUES(1,1,1,NULL,0.0,0.0,1.0,1.0,4.0,NULL,'{}','','ann',0,NULL,NULL,0,'',1);
INSERT INTO "label_annotations" VALUES(2,1,2,NULL,0.0,0.0,1.0,1.0,4.0,NULL,'{}','','ann',0,NULL,NULL,0,'',0);
CREATE TABLE label_claims (
	image_id INTEGER NOT NULL, 
	who VARCHAR(200) NOT NULL, 
	until DOUBLE NOT NULL, 
	PRIMARY KEY (image_id), 
	FOREIGN KEY(image_id) REFERENCES label_images (id)
);
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
INSERT INTO "label_classes" VALUES(1,'leaf','#1f77b4',NULL,'[]',0,0);
INSERT INTO "label_classes" VALUES(2,'stem','#1f77b4',NULL,'[]',1,0);
CREATE TABLE label_edits (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	image_id INTEGER, 
	who VARCHAR(200) NOT NULL, 
	at VARCHAR(40) NOT NULL, 
	what TEXT NOT NULL, 
	changes TEXT NOT NULL, 
	status VARCHAR(10) NOT NULL, 
	seconds DOUBLE DEFAULT '0' NOT NULL, 
	FOREIGN KEY(image_id) REFERENCES label_images (id)
);
INSERT INTO "label_edits" VALUES(1,NULL,'ann','2026-11-29T08:40:42.821+00:00','added the class leaf','null','note',0.0);
INSERT INTO "label_edits" VALUES(2,NULL,'ann','2026-11-29T08:40:42.823+00:00','added the class stem','null','note',0.0);
INSERT INTO "label_edits" VALUES(3,1,'ann','2026-11-29T08:40:42.829+00:00','added leaf','{"annotations": [[1, null, {"class_id": 1, "counts": null, "x0": 0, "y0": 0, "x1": 1, "y1": 1, "area": 4, "score": null, "stability": null, "disagreement": null, "attributes": "{}", "note": "", "author": "ann", "crowd": 0, "proposed": 0, "made_with": "", "place": 0}]], "state": ["new", "started"], "places": []}','done',0.0);
INSERT INTO "label_edits" VALUES(4,1,'ann','2026-11-29T08:40:42.832+00:00','added stem','{"annotations": [[2, null, {"class_id": 2, "counts": null, "x0": 0, "y0": 0, "x1": 1, "y1": 1, "area": 4, "score": null, "stability": null, "disagreement": null, "attributes": "{}", "note": "", "author": "ann", "crowd": 0, "proposed": 0, "made_with": "", "place": 0}]], "state": ["started", "started"], "places": []}','done',0.0);
INSERT INTO "label_edits" VALUES(5,1,'ann','2026-11-29T08:40:42.834+00:00','changed the drawing order','{"annotations": [], "state": ["started", "started"], "places": [[1, 0, 1]]}','done',0.0);
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
	work TEXT, 
	UNIQUE (name)
);
INSERT INTO "label_images" VALUES(1,'1.png',NULL,'',NULL,NULL,6,8,'started',3,NULL);
CREATE TABLE label_meta (
	"key" VARCHAR(50) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "label_meta" VALUES('version','4');
CREATE INDEX label_annotations_of_image ON label_annotations (image_id);
CREATE INDEX label_edits_of_image ON label_edits (image_id, status);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('label_classes',2);
INSERT INTO "sqlite_sequence" VALUES('label_edits',5);
INSERT INTO "sqlite_sequence" VALUES('label_images',1);
INSERT INTO "sqlite_sequence" VALUES('label_annotations',2);
COMMIT;
