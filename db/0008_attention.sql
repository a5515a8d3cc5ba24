ALTER TABLE "attention_notes" ADD COLUMN "visit_id" uuid;--> statement-breakpoint
ALTER TABLE "attention_notes" ADD CONSTRAINT "attention_notes_visit_id_visits_id_fk" FOREIGN KEY ("visit_id") REFERENCES "public"."visits"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "publications_online_until" ON "publications" USING btree ("available_until") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "reports_at_hand" ON "reports" USING btree ("received_at") WHERE document is not null and superseded_at is null;--> statement-breakpoint
CREATE INDEX "studies_state_changed_at_index" ON "studies" USING btree ("state","changed_at");