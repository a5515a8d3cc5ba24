-- 0010 took any of several publications of an exam: what was collected first counts (S39b).
UPDATE "reports" r SET "first_viewed_at" = (SELECT min(p."first_viewed_at") FROM "publications" p
    WHERE p."exam_id" = r."exam_id" AND p."first_viewed_at" >= r."received_at" AND p."first_viewed_at" < r."first_viewed_at")
  WHERE EXISTS (SELECT 1 FROM "publications" p
    WHERE p."exam_id" = r."exam_id" AND p."first_viewed_at" >= r."received_at" AND p."first_viewed_at" < r."first_viewed_at");--> statement-breakpoint
UPDATE "reports" r SET "first_downloaded_at" = (SELECT min(p."first_downloaded_at") FROM "publications" p
    WHERE p."exam_id" = r."exam_id" AND p."first_downloaded_at" >= r."received_at" AND p."first_downloaded_at" < r."first_downloaded_at")
  WHERE EXISTS (SELECT 1 FROM "publications" p
    WHERE p."exam_id" = r."exam_id" AND p."first_downloaded_at" >= r."received_at" AND p."first_downloaded_at" < r."first_downloaded_at");--> statement-breakpoint
-- Sessions of an OpenID provider that were open before 0014 had no time at which it is asked again: they log in anew.
DELETE FROM "staff_sessions" WHERE "recheck_at" IS NULL AND "id_token_sealed" IS NOT NULL;
