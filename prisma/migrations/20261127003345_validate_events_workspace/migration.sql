-- Reads the whole table once, and lets everybody read and write it meanwhile.
ALTER TABLE "events" VALIDATE CONSTRAINT "events_workspace_fkey";
