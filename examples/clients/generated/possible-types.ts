
      export type PossibleTypesResultData = {
  "possibleTypes": {
    "AddEventResult": [
      "AddEventPayload",
      "IdempotencyConflictError",
      "NotFoundError",
      "ValidationError"
    ],
    "AddEventsItemResult": [
      "AddEventPayload",
      "BatchRejectedError",
      "IdempotencyConflictError",
      "NotFoundError",
      "ValidationError"
    ],
    "AddEventsResult": [
      "AddEventsPayload",
      "IdempotencyConflictError",
      "ValidationError"
    ],
    "ArchiveListResult": [
      "ArchiveListPayload",
      "NotFoundError",
      "ValidationError"
    ],
    "CreateListResult": [
      "CreateListPayload",
      "ValidationError"
    ],
    "CreateSegmentResult": [
      "CreateSegmentPayload",
      "TooManySegmentsError",
      "ValidationError"
    ],
    "CreateUserResult": [
      "CreateUserPayload",
      "IdempotencyConflictError",
      "NotFoundError",
      "UidTakenError",
      "ValidationError"
    ],
    "DeclareAttributeResult": [
      "AttributeDeclaredError",
      "DeclareAttributePayload",
      "TooManyAttributesError",
      "ValidationError"
    ],
    "DeleteSegmentResult": [
      "DeleteSegmentPayload",
      "NotFoundError",
      "SegmentInUseError",
      "ValidationError"
    ],
    "DeleteUserResult": [
      "DeleteUserPayload",
      "NotFoundError",
      "ValidationError"
    ],
    "DeleteUsersItemResult": [
      "BatchRejectedError",
      "DeleteUserPayload",
      "NotFoundError",
      "ValidationError"
    ],
    "DeleteUsersResult": [
      "DeleteUsersPayload",
      "ValidationError"
    ],
    "Error": [
      "AttributeDeclaredError",
      "BatchRejectedError",
      "ForbiddenError",
      "IdempotencyConflictError",
      "ListArchivedError",
      "NotFoundError",
      "SegmentCycleError",
      "SegmentInUseError",
      "TooManyAttributesError",
      "TooManySegmentsError",
      "UidNotUpdateableError",
      "UidTakenError",
      "ValidationError"
    ],
    "ExportUserResult": [
      "ExportUserPayload",
      "NotFoundError",
      "ValidationError"
    ],
    "Node": [
      "Event",
      "List",
      "Segment",
      "User"
    ],
    "RemoveDeviceResult": [
      "NotFoundError",
      "RemoveDevicePayload",
      "ValidationError"
    ],
    "RemoveFromListResult": [
      "NotFoundError",
      "RemoveFromListPayload",
      "ValidationError"
    ],
    "SetListSubscriptionResult": [
      "ListArchivedError",
      "NotFoundError",
      "SetListSubscriptionPayload",
      "ValidationError"
    ],
    "SetListSubscriptionsItemResult": [
      "BatchRejectedError",
      "ListArchivedError",
      "NotFoundError",
      "SetListSubscriptionPayload",
      "ValidationError"
    ],
    "SetListSubscriptionsResult": [
      "SetListSubscriptionsPayload",
      "ValidationError"
    ],
    "SetSegmentSuppressionResult": [
      "NotFoundError",
      "SetSegmentSuppressionPayload",
      "ValidationError"
    ],
    "UndeclareAttributeResult": [
      "NotFoundError",
      "UndeclareAttributePayload",
      "ValidationError"
    ],
    "UpdateListResult": [
      "NotFoundError",
      "UpdateListPayload",
      "ValidationError"
    ],
    "UpdateSegmentResult": [
      "NotFoundError",
      "SegmentCycleError",
      "UpdateSegmentPayload",
      "ValidationError"
    ],
    "UpdateUserResult": [
      "ForbiddenError",
      "NotFoundError",
      "UidNotUpdateableError",
      "UidTakenError",
      "UpdateUserPayload",
      "ValidationError"
    ],
    "UpsertUsersItemResult": [
      "BatchRejectedError",
      "ForbiddenError",
      "NotFoundError",
      "UidNotUpdateableError",
      "UidTakenError",
      "UpdateUserPayload",
      "ValidationError"
    ],
    "UpsertUsersResult": [
      "IdempotencyConflictError",
      "UpsertUsersPayload",
      "ValidationError"
    ]
  }
};
      const result: PossibleTypesResultData = {
  "possibleTypes": {
    "AddEventResult": [
      "AddEventPayload",
      "IdempotencyConflictError",
      "NotFoundError",
      "ValidationError"
    ],
    "AddEventsItemResult": [
      "AddEventPayload",
      "BatchRejectedError",
      "IdempotencyConflictError",
      "NotFoundError",
      "ValidationError"
    ],
    "AddEventsResult": [
      "AddEventsPayload",
      "IdempotencyConflictError",
      "ValidationError"
    ],
    "ArchiveListResult": [
      "ArchiveListPayload",
      "NotFoundError",
      "ValidationError"
    ],
    "CreateListResult": [
      "CreateListPayload",
      "ValidationError"
    ],
    "CreateSegmentResult": [
      "CreateSegmentPayload",
      "TooManySegmentsError",
      "ValidationError"
    ],
    "CreateUserResult": [
      "CreateUserPayload",
      "IdempotencyConflictError",
      "NotFoundError",
      "UidTakenError",
      "ValidationError"
    ],
    "DeclareAttributeResult": [
      "AttributeDeclaredError",
      "DeclareAttributePayload",
      "TooManyAttributesError",
      "ValidationError"
    ],
    "DeleteSegmentResult": [
      "DeleteSegmentPayload",
      "NotFoundError",
      "SegmentInUseError",
      "ValidationError"
    ],
    "DeleteUserResult": [
      "DeleteUserPayload",
      "NotFoundError",
      "ValidationError"
    ],
    "DeleteUsersItemResult": [
      "BatchRejectedError",
      "DeleteUserPayload",
      "NotFoundError",
      "ValidationError"
    ],
    "DeleteUsersResult": [
      "DeleteUsersPayload",
      "ValidationError"
    ],
    "Error": [
      "AttributeDeclaredError",
      "BatchRejectedError",
      "ForbiddenError",
      "IdempotencyConflictError",
      "ListArchivedError",
      "NotFoundError",
      "SegmentCycleError",
      "SegmentInUseError",
      "TooManyAttributesError",
      "TooManySegmentsError",
      "UidNotUpdateableError",
      "UidTakenError",
      "ValidationError"
    ],
    "ExportUserResult": [
      "ExportUserPayload",
      "NotFoundError",
      "ValidationError"
    ],
    "Node": [
      "Event",
      "List",
      "Segment",
      "User"
    ],
    "RemoveDeviceResult": [
      "NotFoundError",
      "RemoveDevicePayload",
      "ValidationError"
    ],
    "RemoveFromListResult": [
      "NotFoundError",
      "RemoveFromListPayload",
      "ValidationError"
    ],
    "SetListSubscriptionResult": [
      "ListArchivedError",
      "NotFoundError",
      "SetListSubscriptionPayload",
      "ValidationError"
    ],
    "SetListSubscriptionsItemResult": [
      "BatchRejectedError",
      "ListArchivedError",
      "NotFoundError",
      "SetListSubscriptionPayload",
      "ValidationError"
    ],
    "SetListSubscriptionsResult": [
      "SetListSubscriptionsPayload",
      "ValidationError"
    ],
    "SetSegmentSuppressionResult": [
      "NotFoundError",
      "SetSegmentSuppressionPayload",
      "ValidationError"
    ],
    "UndeclareAttributeResult": [
      "NotFoundError",
      "UndeclareAttributePayload",
      "ValidationError"
    ],
    "UpdateListResult": [
      "NotFoundError",
      "UpdateListPayload",
      "ValidationError"
    ],
    "UpdateSegmentResult": [
      "NotFoundError",
      "SegmentCycleError",
      "UpdateSegmentPayload",
      "ValidationError"
    ],
    "UpdateUserResult": [
      "ForbiddenError",
      "NotFoundError",
      "UidNotUpdateableError",
      "UidTakenError",
      "UpdateUserPayload",
      "ValidationError"
    ],
    "UpsertUsersItemResult": [
      "BatchRejectedError",
      "ForbiddenError",
      "NotFoundError",
      "UidNotUpdateableError",
      "UidTakenError",
      "UpdateUserPayload",
      "ValidationError"
    ],
    "UpsertUsersResult": [
      "IdempotencyConflictError",
      "UpsertUsersPayload",
      "ValidationError"
    ]
  }
};
      export default result;
    