import type { Operation } from './operation.ts';
import { addEventOperation } from './operations/add-event.ts';
import { createUserOperation } from './operations/create-user.ts';
import { deleteUserOperation } from './operations/delete-user.ts';
import { listUsersOperation } from './operations/list-users.ts';
import { removeDeviceOperation } from './operations/remove-device.ts';
import { retrieveUserOperation } from './operations/retrieve-user.ts';
import { updateUserOperation } from './operations/update-user.ts';

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
