import type { Operation } from '../operation.ts';
import { addEventOperation } from './add-event.ts';
import { createUserOperation } from './create-user.ts';
import { deleteUserOperation } from './delete-user.ts';
import { listUsersOperation } from './list-users.ts';
import { removeDeviceOperation } from './remove-device.ts';
import { retrieveUserOperation } from './retrieve-user.ts';
import { updateUserOperation } from './update-user.ts';

/** All operations, in the order of the seed document. */
export const operations: readonly Operation[] = [
  createUserOperation,
  retrieveUserOperation,
  updateUserOperation,
  addEventOperation,
  listUsersOperation,
  deleteUserOperation,
  removeDeviceOperation,
];
