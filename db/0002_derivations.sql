CREATE TABLE "derivations" (
	"orthanc_id" text NOT NULL,
	"kind" text NOT NULL,
	"revision" integer NOT NULL,
	"format" integer NOT NULL,
	"file" uuid DEFAULT gen_random_uuid() NOT NULL,
	"size_bytes" bigint,
	"index" "bytea",
	"prepared_at" timestamp with time zone,
	"done" integer DEFAULT 0 NOT NULL,
	"total" integer DEFAULT 0 NOT NULL,
	"claimed_until" timestamp with time zone NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"discarded_at" timestamp with time zone,
	CONSTRAINT "derivations_orthanc_id_kind_pk" PRIMARY KEY("orthanc_id","kind")
);
--> statement-breakpoint
CREATE TABLE "derived_folder" (
	"id" smallint PRIMARY KEY DEFAULT 1 NOT NULL,
	"name" uuid DEFAULT gen_random_uuid() NOT NULL,
	CONSTRAINT "derived_folder_one_row" CHECK ("derived_folder"."id" = 1)
);
--> statement-breakpoint
ALTER TABLE "derivations" ADD CONSTRAINT "derivations_orthanc_id_studies_orthanc_id_fk" FOREIGN KEY ("orthanc_id") REFERENCES "public"."studies"("orthanc_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "derivations_discarded" ON "derivations" USING btree ("discarded_at") WHERE discarded_at is not null;