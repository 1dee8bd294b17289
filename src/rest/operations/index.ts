import type { Operation } from '../operation.ts';
import { removeDeviceOperation } from './devices.ts';
import { addEventOperation } from './events.ts';
import { listUsersOperation, searchUsersOperation } from './list-users.ts';
import { createUserOperation, deleteUserOperation, retrieveUserOperation, updateUserOperation } from './users.ts';

/** All operations, in the order of the REST reference. */
export const operations: readonly Operation[] = [
  createUserOperation,
  retrieveUserOperation,
  updateUserOperation,
  addEventOperation,
  listUsersOperation,
  searchUsersOperation,
  deleteUserOperation,
  removeDeviceOperation,
];
