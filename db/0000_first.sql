CREATE TABLE "api_keys" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"key_hash" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "api_keys_key_hash_unique" UNIQUE("key_hash")
);
--> statement-breakpoint
CREATE TABLE "audit_events" (
	"seq" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"event" text NOT NULL,
	"actor" text NOT NULL,
	"source" text,
	"visit_id" uuid,
	"exam_id" uuid,
	"details" jsonb NOT NULL,
	"previous_hash" text NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_export_cursor" (
	"id" smallint PRIMARY KEY DEFAULT 1 NOT NULL,
	"last_seq" bigint NOT NULL,
	"last_hash" text NOT NULL,
	"holder" uuid,
	"held_until" timestamp with time zone,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "audit_export_cursor_one_row" CHECK ("audit_export_cursor"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE "exams" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"visit_id" uuid NOT NULL,
	"position" smallint NOT NULL,
	"accession_number" text NOT NULL,
	"description" text NOT NULL,
	"exam_date" date NOT NULL,
	"images_expected" boolean DEFAULT true NOT NULL,
	"excluded" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "login_locks" (
	"pin1_digest" text PRIMARY KEY NOT NULL,
	"failures_in_row" integer NOT NULL,
	"failures_in_all" integer NOT NULL,
	"locked_until" timestamp with time zone,
	"last_failure_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "mails" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"visit_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"share_id" uuid,
	"dedupe_key" text NOT NULL,
	"payload" "bytea",
	"carries_pin2" boolean NOT NULL,
	"state" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp with time zone NOT NULL,
	"last_error" text,
	"queued_at" timestamp with time zone NOT NULL,
	"sent_at" timestamp with time zone,
	CONSTRAINT "mails_dedupe_key_unique" UNIQUE("dedupe_key")
);
--> statement-breakpoint
CREATE TABLE "manifests" (
	"orthanc_id" text PRIMARY KEY NOT NULL,
	"revision" integer NOT NULL,
	"format" integer NOT NULL,
	"body" "bytea",
	"prepared_at" timestamp with time zone,
	"done" integer DEFAULT 0 NOT NULL,
	"claimed_until" timestamp with time zone NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "pacs_cursor" (
	"id" smallint PRIMARY KEY DEFAULT 1 NOT NULL,
	"last_seq" bigint NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "pacs_cursor_one_row" CHECK ("pacs_cursor"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE "publications" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"visit_id" uuid NOT NULL,
	"exam_id" uuid NOT NULL,
	"report_id" uuid NOT NULL,
	"published_at" timestamp with time zone NOT NULL,
	"available_until" date NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"ended_by" text,
	"updated_at" timestamp with time zone,
	"opened_at" timestamp with time zone,
	"first_viewed_at" timestamp with time zone,
	"first_downloaded_at" timestamp with time zone,
	"reminded_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "reports" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"exam_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"sha256" text NOT NULL,
	"kind" text NOT NULL,
	"document" "bytea",
	"pdf" "bytea",
	"title" text,
	"body" text,
	"physician" text,
	"report_date" date,
	"signature" jsonb NOT NULL,
	"received_at" timestamp with time zone NOT NULL,
	"superseded_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"visit_id" uuid NOT NULL,
	"share_id" uuid,
	"created_at" timestamp with time zone NOT NULL,
	"last_seen_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "shared_publications" (
	"share_id" uuid NOT NULL,
	"publication_id" uuid NOT NULL,
	CONSTRAINT "shared_publications_share_id_publication_id_pk" PRIMARY KEY("share_id","publication_id")
);
--> statement-breakpoint
CREATE TABLE "shares" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"visit_id" uuid NOT NULL,
	"request_id" uuid NOT NULL,
	"family_name" text NOT NULL,
	"given_name" text NOT NULL,
	"email" text NOT NULL,
	"phone" text,
	"token_hash" text NOT NULL,
	"token_sealed" "bytea",
	"pin_hash" text,
	"pin_sealed" "bytea",
	"created_at" timestamp with time zone NOT NULL,
	"available_until" date NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"ended_by" text,
	"failures_in_row" integer DEFAULT 0 NOT NULL,
	"failures_in_all" integer DEFAULT 0 NOT NULL,
	"suspended_at" timestamp with time zone,
	"first_opened_at" timestamp with time zone,
	CONSTRAINT "shares_request_id_unique" UNIQUE("request_id"),
	CONSTRAINT "shares_token_hash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE TABLE "source_attempts" (
	"source" text NOT NULL,
	"act" text NOT NULL,
	"window_start" timestamp with time zone NOT NULL,
	"count" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "studies" (
	"orthanc_id" text PRIMARY KEY NOT NULL,
	"study_instance_uid" text NOT NULL,
	"accession_number" text NOT NULL,
	"patient_birth_date" text,
	"description" text,
	"state" text NOT NULL,
	"series_count" integer NOT NULL,
	"instance_count" integer NOT NULL,
	"size_bytes" bigint NOT NULL,
	"revision" integer DEFAULT 0 NOT NULL,
	"changed_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "visits" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"accession_number" text NOT NULL,
	"family_name" text NOT NULL,
	"given_name" text NOT NULL,
	"birth_date" date NOT NULL,
	"birth_place" text,
	"tax_code" text,
	"patient_id" text,
	"sex" text,
	"email" text,
	"registered_at" timestamp with time zone NOT NULL,
	"consent" boolean NOT NULL,
	"consent_at" timestamp with time zone NOT NULL,
	"consent_text_version" text NOT NULL,
	"pin1_digest" "bytea" NOT NULL,
	"pin1_issued_at" timestamp with time zone NOT NULL,
	"pin2_hash" text,
	"pin2_issued_at" timestamp with time zone,
	CONSTRAINT "visits_accession_number_unique" UNIQUE("accession_number"),
	CONSTRAINT "visits_pin1_digest_unique" UNIQUE("pin1_digest")
);
--> statement-breakpoint
ALTER TABLE "exams" ADD CONSTRAINT "exams_visit_id_visits_id_fk" FOREIGN KEY ("visit_id") REFERENCES "public"."visits"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "mails" ADD CONSTRAINT "mails_visit_id_visits_id_fk" FOREIGN KEY ("visit_id") REFERENCES "public"."visits"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "mails" ADD CONSTRAINT "mails_share_id_shares_id_fk" FOREIGN KEY ("share_id") REFERENCES "public"."shares"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "manifests" ADD CONSTRAINT "manifests_orthanc_id_studies_orthanc_id_fk" FOREIGN KEY ("orthanc_id") REFERENCES "public"."studies"("orthanc_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "publications" ADD CONSTRAINT "publications_visit_id_visits_id_fk" FOREIGN KEY ("visit_id") REFERENCES "public"."visits"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "publications" ADD CONSTRAINT "publications_exam_id_exams_id_fk" FOREIGN KEY ("exam_id") REFERENCES "public"."exams"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "publications" ADD CONSTRAINT "publications_report_id_reports_id_fk" FOREIGN KEY ("report_id") REFERENCES "public"."reports"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reports" ADD CONSTRAINT "reports_exam_id_exams_id_fk" FOREIGN KEY ("exam_id") REFERENCES "public"."exams"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_visit_id_visits_id_fk" FOREIGN KEY ("visit_id") REFERENCES "public"."visits"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_share_id_shares_id_fk" FOREIGN KEY ("share_id") REFERENCES "public"."shares"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shared_publications" ADD CONSTRAINT "shared_publications_share_id_shares_id_fk" FOREIGN KEY ("share_id") REFERENCES "public"."shares"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shared_publications" ADD CONSTRAINT "shared_publications_publication_id_publications_id_fk" FOREIGN KEY ("publication_id") REFERENCES "public"."publications"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shares" ADD CONSTRAINT "shares_visit_id_visits_id_fk" FOREIGN KEY ("visit_id") REFERENCES "public"."visits"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_events_visit_id_seq_index" ON "audit_events" USING btree ("visit_id","seq");--> statement-breakpoint
CREATE INDEX "exams_visit_id_index" ON "exams" USING btree ("visit_id");--> statement-breakpoint
CREATE INDEX "exams_accession_number_index" ON "exams" USING btree ("accession_number");--> statement-breakpoint
CREATE INDEX "mails_visit_id_index" ON "mails" USING btree ("visit_id");--> statement-breakpoint
CREATE INDEX "mails_state_next_attempt_at_index" ON "mails" USING btree ("state","next_attempt_at");--> statement-breakpoint
CREATE INDEX "publications_visit_id_index" ON "publications" USING btree ("visit_id");--> statement-breakpoint
CREATE UNIQUE INDEX "publications_one_online_per_exam" ON "publications" USING btree ("exam_id") WHERE ended_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "reports_exam_id_version_index" ON "reports" USING btree ("exam_id","version");--> statement-breakpoint
CREATE UNIQUE INDEX "reports_exam_id_sha256_index" ON "reports" USING btree ("exam_id","sha256");--> statement-breakpoint
CREATE INDEX "sessions_visit_id_index" ON "sessions" USING btree ("visit_id");--> statement-breakpoint
CREATE INDEX "shared_publications_publication_id_index" ON "shared_publications" USING btree ("publication_id");--> statement-breakpoint
CREATE INDEX "shares_visit_id_index" ON "shares" USING btree ("visit_id");--> statement-breakpoint
CREATE UNIQUE INDEX "source_attempts_source_act_window_start_index" ON "source_attempts" USING btree ("source","act","window_start");--> statement-breakpoint
CREATE INDEX "studies_accession_number_index" ON "studies" USING btree ("accession_number");--> statement-breakpoint
CREATE INDEX "studies_study_instance_uid_index" ON "studies" USING btree ("study_instance_uid");--> statement-breakpoint
-- S39: the audit trail is append-only, whoever asks.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_events is append-only';
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON "audit_events"
  FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
--> statement-breakpoint
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON "audit_events"
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
