CREATE TABLE "pacs_documents" (
	"sop_instance_uid" text PRIMARY KEY NOT NULL,
	"orthanc_id" text NOT NULL,
	"study_id" text NOT NULL,
	"kind" text NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"seen_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "studies" ADD COLUMN "documents_revision" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "pacs_documents" ADD CONSTRAINT "pacs_documents_study_id_studies_orthanc_id_fk" FOREIGN KEY ("study_id") REFERENCES "public"."studies"("orthanc_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "pacs_documents_study_id_index" ON "pacs_documents" USING btree ("study_id");