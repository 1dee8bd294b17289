-- Each write maintained it, and only `audit list --key` read it, which now reads the log in blocks (docs/performance-steps.md).
DROP INDEX "changes_key_idx";
