-- AlterEnum
ALTER TYPE "MovementKind" ADD VALUE 'FEE';
