import type { Operation } from '../operation.ts';
import { addEventsOperation } from './bulk.ts';
import { upsertUsersOperation } from './bulk-users.ts';
import { removeDeviceOperation } from './devices.ts';
import { addEventOperation } from './events.ts';
import { listUsersOperation, searchUsersOperation } from './list-users.ts';
import {
  createSegmentOperation,
  deleteSegmentOperation,
  listSegmentsOperation,
  listSegmentUsersOperation,
  retrieveSegmentOperation,
  updateSegmentOperation,
} from './segments.ts';
import {
  cancelExportOperation,
  cancelImportOperation,
  createExportOperation,
  retrieveExportOperation,
  retrieveImportOperation,
} from './transfers.ts';
import { createUserOperation, deleteUserOperation, retrieveUserOperation, updateUserOperation } from './users.ts';

/** All operations: first those of the REST reference, in its order. */
export const operations: readonly Operation[] = [
  createUserOperation,
  retrieveUserOperation,
  updateUserOperation,
  addEventOperation,
  listUsersOperation,
  searchUsersOperation,
  deleteUserOperation,
  removeDeviceOperation,
  listSegmentsOperation,
  createSegmentOperation,
  retrieveSegmentOperation,
  updateSegmentOperation,
  deleteSegmentOperation,
  listSegmentUsersOperation,
  addEventsOperation,
  upsertUsersOperation,
  retrieveImportOperation,
  cancelImportOperation,
  createExportOperation,
  retrieveExportOperation,
  cancelExportOperation,
];
