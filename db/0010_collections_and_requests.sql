CREATE TABLE "pin2_requests" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"pin1_digests" text[] NOT NULL,
	"source" text NOT NULL,
	"requested_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "publications" ADD COLUMN "first_disc_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "reports" ADD COLUMN "first_viewed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "reports" ADD COLUMN "first_downloaded_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "reports" ADD COLUMN "first_disc_at" timestamp with time zone;--> statement-breakpoint
-- What was collected before belongs to the version that was shown then, and to no later one.
UPDATE "reports" r SET "first_viewed_at" = p."first_viewed_at" FROM "publications" p
  WHERE p."exam_id" = r."exam_id" AND r."received_at" <= p."first_viewed_at"
    AND (r."superseded_at" IS NULL OR r."superseded_at" > p."first_viewed_at");--> statement-breakpoint
UPDATE "reports" r SET "first_downloaded_at" = p."first_downloaded_at" FROM "publications" p
  WHERE p."exam_id" = r."exam_id" AND r."received_at" <= p."first_downloaded_at"
    AND (r."superseded_at" IS NULL OR r."superseded_at" > p."first_downloaded_at");--> statement-breakpoint
UPDATE "publications" SET "first_viewed_at" = NULL WHERE "first_viewed_at" < "published_at";--> statement-breakpoint
UPDATE "publications" SET "first_downloaded_at" = NULL WHERE "first_downloaded_at" < "published_at";
