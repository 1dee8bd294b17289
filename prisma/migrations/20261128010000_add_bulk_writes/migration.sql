-- AlterEnum: idempotency keys of whole bulk requests.
ALTER TYPE "idempotent_operation" ADD VALUE 'addEvents';
