CREATE TABLE "merged_patients" (
	"patient_id" text NOT NULL,
	"authority" text DEFAULT '' NOT NULL,
	"into_id" text NOT NULL,
	"into_authority" text DEFAULT '' NOT NULL,
	"merged_at" timestamp with time zone NOT NULL,
	CONSTRAINT "merged_patients_patient_id_authority_pk" PRIMARY KEY("patient_id","authority")
);
--> statement-breakpoint
ALTER TABLE "patients" DROP CONSTRAINT "patients_pkey";--> statement-breakpoint
ALTER TABLE "patients" ADD COLUMN "authority" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "patients" ADD CONSTRAINT "patients_patient_id_authority_pk" PRIMARY KEY("patient_id","authority");--> statement-breakpoint
ALTER TABLE "visits" ADD COLUMN "patient_authority" text;--> statement-breakpoint
ALTER TABLE "visits" ADD COLUMN "email_by_desk_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "visits" ADD COLUMN "heard" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "visits" ADD COLUMN "consent_withdrawn_at" timestamp with time zone;--> statement-breakpoint
-- What the desk and the person decided before now is told by the audit trail.
UPDATE "visits" SET "consent_withdrawn_at" = "consent_at" WHERE NOT "consent" AND "consent_at" > "registered_at";--> statement-breakpoint
UPDATE "visits" SET "email_by_desk_at" = "last"."at" FROM (
	SELECT DISTINCT ON ("visit_id") "visit_id", "at", "actor", "event" FROM "audit_events"
	WHERE "event" = 'visit.registered' OR ("event" = 'visit.changed' AND "details"->>'changed' = 'email')
	ORDER BY "visit_id", "seq" DESC
) AS "last" WHERE "last"."visit_id" = "visits"."id" AND "last"."actor" LIKE 'staff:%' AND ("last"."event" = 'visit.changed' OR "visits"."email" IS NOT NULL);
