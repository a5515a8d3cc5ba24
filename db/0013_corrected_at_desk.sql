ALTER TABLE "exams" ADD COLUMN "corrected" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "visits" ADD COLUMN "corrected" jsonb DEFAULT '{}'::jsonb NOT NULL;