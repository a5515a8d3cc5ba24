CREATE TABLE "identity_logins" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"checks" "bytea" NOT NULL,
	"started_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "tax_code" text;