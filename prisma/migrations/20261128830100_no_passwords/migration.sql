-- There is nothing to sign in to, so that no password is asked for or kept.
-- AlterTable
ALTER TABLE "app_user" DROP COLUMN "password_hash";
