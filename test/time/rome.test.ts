import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { availability } from '../../src/publications/publications.ts'
import { addDays, dayInRome, endOfDay } from '../../src/time/rome.ts'

test('S24: published on 18/05/2020, available until 02/07/2020 inclusive', () => {
  expect(availability(new Date('2020-05-18T09:00:00Z'), 45)).toEqual({
    availableUntil: '2020-07-02',
    endsAt: new Date('2020-07-02T22:00:00Z'),
  })
})

test('S24: a publication just after midnight in Italy belongs to the new day, summer time or not', () => {
  expect(availability(new Date('2020-05-17T22:30:00Z'), 45).availableUntil).toBe('2020-07-02')
  expect(availability(new Date('2020-01-14T23:30:00Z'), 1).availableUntil).toBe('2020-01-16')
  expect(availability(new Date('2020-01-14T22:30:00Z'), 1).availableUntil).toBe('2020-01-15')
})

test('S24, S49: days end at midnight in Italy on both sides of the changes of the clock', () => {
  // 29 March and 25 October 2026 are the days of the changes.
  expect(endOfDay('2026-03-28')).toEqual(new Date('2026-03-28T23:00:00Z'))
  expect(endOfDay('2026-03-29')).toEqual(new Date('2026-03-29T22:00:00Z'))
  expect(endOfDay('2026-10-24')).toEqual(new Date('2026-10-24T22:00:00Z'))
  expect(endOfDay('2026-10-25')).toEqual(new Date('2026-10-25T23:00:00Z'))
  expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
  expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
  expect(dayInRome(new Date('2026-03-29T21:59:59Z'))).toBe('2026-03-29')
})

test.each(['UTC', 'Europe/Rome', 'America/New_York', 'Pacific/Kiritimati'])(
  'S49: the dates are the same on a server in %s',
  (zone) => {
    const program = `
    import { addDays, dayInRome, endOfDay } from './src/time/rome.ts'
    import { formatDay, formatInstantDay, formatInstantTime } from './src/ui/format.ts'
    const instants = ['2020-05-17T22:30:00Z', '2026-03-29T00:59:59Z', '2026-10-25T01:30:00Z', '2026-12-31T23:30:00Z'].map((text) => new Date(text))
    console.log(JSON.stringify(instants.map((instant) => {
      const day = dayInRome(instant)
      return [day, addDays(day, 45), endOfDay(day).toISOString(), formatDay(day), formatInstantDay(instant), formatInstantTime(instant)]
    })))`
    const answer = execFileSync(process.execPath, ['--input-type=module-typescript', '-e', program], {
      encoding: 'utf8',
      env: { ...process.env, TZ: zone },
    })
    expect(JSON.parse(answer)).toEqual([
      ['2020-05-18', '2020-07-02', '2020-05-18T22:00:00.000Z', '18/05/2020', '18/05/2020', '00:30'],
      ['2026-03-29', '2026-05-13', '2026-03-29T22:00:00.000Z', '29/03/2026', '29/03/2026', '01:59'],
      ['2026-10-25', '2026-12-09', '2026-10-25T23:00:00.000Z', '25/10/2026', '25/10/2026', '02:30'],
      ['2027-01-01', '2027-02-15', '2027-01-01T23:00:00.000Z', '01/01/2027', '01/01/2027', '00:30'],
    ])
  },
)
