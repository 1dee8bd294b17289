import { builder } from './builder.ts';

/** The types of declared attributes. */
export const AttributeTypeEnum = builder.enumType('AttributeType', {
  description: 'The type with which an attribute is declared. Values of another type count as missing.',
  values: {
    STRING: { description: 'Strings, compared without differences of case.' },
    NUMBER: { description: 'Numbers.' },
    DATE_TIME: {
      description:
        'Strings that are a date, or a point in time in UTC such as `2021-01-12T05:24:39Z`, as in `AttributeFilter.dateTime`.',
    },
  } as const,
});
