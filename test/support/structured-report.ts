import type { Elements, Value } from './dicom.ts'

/** A Code Sequence of one item (PS3.3 §8.8). */
export const code = (value: string, meaning: string): Value => ({
  items: [
    [
      [0x00080100, 'SH', value],
      [0x00080102, 'SH', 'DCM'],
      [0x00080104, 'LO', meaning],
    ],
  ],
})

/** A content item of a structured report's tree (PS3.3 §C.17.3), with what `more` says of it. */
export const contentItem = (type: string, name: string, more: Elements): Elements => [
  [0x0040a010, 'CS', 'CONTAINS'],
  [0x0040a040, 'CS', type],
  [0x0040a043, 'SQ', code('1', name)],
  ...more,
]
