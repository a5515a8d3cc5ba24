import { expect, test } from 'vitest'
import { parseRange } from '../../src/disc/ranges.ts'

const SIZE = 1000

test.each([
  ['bytes=0-', [[0, 1000]]],
  ['bytes=0-0', [[0, 1]]],
  ['bytes=999-', [[999, 1000]]],
  ['bytes=500-5000', [[500, 1000]]],
  ['bytes=-1', [[999, 1000]]],
  ['bytes=-5000', [[0, 1000]]],
  [
    'BYTES= 1-2 , 5-6 ',
    [
      [1, 3],
      [5, 7],
    ],
  ],
  [
    'bytes=5-6,1-2',
    [
      [5, 7],
      [1, 3],
    ],
  ], // in the order asked for
  [
    'bytes=0-9,5-20,100-',
    [
      [0, 21],
      [100, 1000],
    ],
  ], // overlapping: no byte twice
  ['bytes=0-9,2000-', [[0, 10]]], // what is not there is left out
])('%s asks for %j (RFC 9110 §14.1.2)', (header, expected) => {
  const wanted = parseRange(header, SIZE)
  expect(wanted.kind === 'ranges' && wanted.ranges.map(({ start, end }) => [start, end])).toEqual(expected)
})

test.each(['bytes=1000-', 'bytes=5000-6000', 'bytes=-0'])('%s cannot be satisfied', (header) => {
  expect(parseRange(header, SIZE)).toEqual({ kind: 'unsatisfiable' })
})

test.each([
  null,
  '',
  'bytes=',
  'bytes=a-b',
  'bytes=5-1',
  'bytes=-',
  'lines=1-2',
  'bytes=1-2;3-4',
  'bytes=1-2,',
])('%j is ignored: all is sent (RFC 9110 §14.2)', (header) => {
  expect(parseRange(header, SIZE)).toEqual({ kind: 'all' })
})

test('hundreds of ranges in one request are not served one by one (RFC 9110 §17.15)', () => {
  const many = Array.from({ length: 500 }, (_, index) => `${index * 2}-${index * 2}`).join(',')
  expect(parseRange(`bytes=${many}`, SIZE)).toEqual({ kind: 'all' })
})
