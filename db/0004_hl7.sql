CREATE TABLE "hl7_messages" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"sender" text NOT NULL,
	"control_id" text NOT NULL,
	"sha256" text NOT NULL,
	"type" text NOT NULL,
	"state" text NOT NULL,
	"answer" jsonb NOT NULL,
	"waiting_for" text[] DEFAULT '{}' NOT NULL,
	"sealed" "bytea",
	"bytes" integer NOT NULL,
	"source" text,
	"attempts" integer DEFAULT 1 NOT NULL,
	"received_at" timestamp with time zone NOT NULL,
	"settled_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "patients" (
	"patient_id" text PRIMARY KEY NOT NULL,
	"facts" jsonb NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "exams" ADD COLUMN "cancelled_at" timestamp with time zone;--> statement-breakpoint
CREATE UNIQUE INDEX "hl7_messages_sender_control_id_sha256_index" ON "hl7_messages" USING btree ("sender","control_id","sha256");--> statement-breakpoint
CREATE INDEX "hl7_messages_state_index" ON "hl7_messages" USING btree ("state");