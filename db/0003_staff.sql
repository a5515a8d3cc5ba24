CREATE TABLE "attention_notes" (
	"key" text PRIMARY KEY NOT NULL,
	"note" text NOT NULL,
	"staff_id" uuid NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "desk_secrets" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"visit_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"token_hash" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "staff" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"username" text NOT NULL,
	"name" text NOT NULL,
	"roles" text[] NOT NULL,
	"method" text NOT NULL,
	"issuer" text,
	"subject" text,
	"password_hash" text,
	"totp_sealed" "bytea",
	"totp_last_step" bigint DEFAULT 0 NOT NULL,
	"setup_hash" text,
	"setup_expires_at" timestamp with time zone,
	"created_at" timestamp with time zone NOT NULL,
	"disabled_at" timestamp with time zone,
	"last_login_at" timestamp with time zone,
	CONSTRAINT "staff_setup_hash_unique" UNIQUE("setup_hash")
);
--> statement-breakpoint
CREATE TABLE "staff_recovery_codes" (
	"digest" "bytea" PRIMARY KEY NOT NULL,
	"staff_id" uuid NOT NULL
);
--> statement-breakpoint
CREATE TABLE "staff_sessions" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"staff_id" uuid NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"last_seen_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"search_sealed" "bytea",
	"id_token_sealed" "bytea"
);
--> statement-breakpoint
ALTER TABLE "attention_notes" ADD CONSTRAINT "attention_notes_staff_id_staff_id_fk" FOREIGN KEY ("staff_id") REFERENCES "public"."staff"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desk_secrets" ADD CONSTRAINT "desk_secrets_visit_id_visits_id_fk" FOREIGN KEY ("visit_id") REFERENCES "public"."visits"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desk_secrets" ADD CONSTRAINT "desk_secrets_token_hash_staff_sessions_token_hash_fk" FOREIGN KEY ("token_hash") REFERENCES "public"."staff_sessions"("token_hash") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "staff_recovery_codes" ADD CONSTRAINT "staff_recovery_codes_staff_id_staff_id_fk" FOREIGN KEY ("staff_id") REFERENCES "public"."staff"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "staff_sessions" ADD CONSTRAINT "staff_sessions_staff_id_staff_id_fk" FOREIGN KEY ("staff_id") REFERENCES "public"."staff"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "staff_local_username" ON "staff" USING btree ("username") WHERE method = 'local';--> statement-breakpoint
CREATE UNIQUE INDEX "staff_oidc_subject" ON "staff" USING btree ("issuer","subject");--> statement-breakpoint
CREATE INDEX "staff_sessions_staff_id_index" ON "staff_sessions" USING btree ("staff_id");--> statement-breakpoint
CREATE INDEX "audit_events_event_seq_index" ON "audit_events" USING btree ("event","seq");--> statement-breakpoint
CREATE INDEX "audit_events_actor_seq_index" ON "audit_events" USING btree ("actor","seq");--> statement-breakpoint
CREATE INDEX "audit_events_at_index" ON "audit_events" USING btree ("at");--> statement-breakpoint
CREATE INDEX "exams_accession_prefix" ON "exams" USING btree (upper("accession_number") text_pattern_ops);--> statement-breakpoint
CREATE INDEX "exams_exam_date_index" ON "exams" USING btree ("exam_date");--> statement-breakpoint
CREATE INDEX "visits_name_words" ON "visits" USING gin (to_tsvector('simple', lower(translate("family_name" || ' ' || "given_name", 'àáâãäåçèéêëìíîïñòóôõöùúûüýÿšžćčđÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝŸŠŽĆČĐ-’''', 'aaaaaaceeeeiiiinooooouuuuyyszccdaaaaaaceeeeiiiinooooouuuuyyszccd '))));--> statement-breakpoint
CREATE INDEX "visits_accession_prefix" ON "visits" USING btree (upper("accession_number") text_pattern_ops);--> statement-breakpoint
CREATE INDEX "visits_tax_code_prefix" ON "visits" USING btree (upper("tax_code") text_pattern_ops);--> statement-breakpoint
CREATE INDEX "visits_birth_date_index" ON "visits" USING btree ("birth_date");--> statement-breakpoint
CREATE INDEX "visits_registered_at_index" ON "visits" USING btree ("registered_at");