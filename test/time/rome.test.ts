import { afterAll, describe, expect, test } from 'vitest'
import { availability } from '../../src/publications/publications.ts'
import { shareAvailability } from '../../src/shares/shares.ts'
import { addDays, dayInRome, endOfDay } from '../../src/time/rome.ts'
import { formatDay } from '../../src/ui/format.ts'

const HOUR = 3_600_000
const before = process.env.TZ
afterAll(() => {
  if (before === undefined) delete process.env.TZ
  else process.env.TZ = before
})

describe.each([
  ['UTC', 0],
  ['Europe/Rome', -120],
  ['America/New_York', 240],
])('S49: on a server in %s', (zone, offsetInJune) => {
  // Node takes up a changed TZ at once; were it not so, the first test would tell.
  const there = (name: string, body: () => void) =>
    test(name, () => {
      process.env.TZ = zone
      body()
    })

  there('it is that time there', () => {
    expect(new Date('2020-06-01T12:00:00Z').getTimezoneOffset()).toBe(offsetInJune)
  })

  there('S24: published on 18/05/2020, online until 02/07/2020 inclusive', () => {
    for (const instant of ['2020-05-17T22:00:00.000Z', '2020-05-18T09:00:00Z', '2020-05-18T21:59:59.999Z']) {
      const { availableUntil, endsAt } = availability(new Date(instant), 45)
      expect(availableUntil).toBe('2020-07-02')
      expect(formatDay(availableUntil)).toBe('02/07/2020')
      expect(endsAt.toISOString()).toBe('2020-07-02T22:00:00.000Z')
    }
    expect(availability(new Date('2020-05-18T22:00:00Z'), 45).availableUntil).toBe('2020-07-03')
    expect(availability(new Date('2020-05-17T21:59:59.999Z'), 45).availableUntil).toBe('2020-07-01')
  })

  there('S24: into and out of summer time the last day is whole, whatever its length', () => {
    // 29/03/2020 has 23 hours, 25/10/2020 has 25.
    expect(endOfDay('2020-03-28').toISOString()).toBe('2020-03-28T23:00:00.000Z')
    expect(endOfDay('2020-03-29').toISOString()).toBe('2020-03-29T22:00:00.000Z')
    expect(endOfDay('2020-10-24').toISOString()).toBe('2020-10-24T22:00:00.000Z')
    expect(endOfDay('2020-10-25').toISOString()).toBe('2020-10-25T23:00:00.000Z')
    expect(availability(new Date('2020-02-13T12:00:00Z'), 45)).toEqual({
      availableUntil: '2020-03-29',
      endsAt: new Date('2020-03-29T22:00:00Z'),
    })
    expect(availability(new Date('2020-09-10T12:00:00Z'), 45)).toEqual({
      availableUntil: '2020-10-25',
      endsAt: new Date('2020-10-25T23:00:00Z'),
    })
  })

  there('S31: shared on 05/06/2020, until 10/06/2020 inclusive; never beyond the publication', () => {
    const shared = new Date('2020-06-05T08:00:00Z')
    expect(shareAvailability(shared, '2020-07-02')).toEqual({
      availableUntil: '2020-06-10',
      endsAt: new Date('2020-06-10T22:00:00Z'),
    })
    expect(shareAvailability(shared, '2020-06-07').availableUntil).toBe('2020-06-07')
  })

  there('a day in Italy is the same day at its first and last instant, through years and leap days', () => {
    for (let day = '2019-12-30'; day < '2021-01-03'; day = addDays(day, 1)) {
      const end = endOfDay(day)
      expect(dayInRome(new Date(end.getTime() - 1))).toBe(day)
      expect(dayInRome(end)).toBe(addDays(day, 1))
      const length = (end.getTime() - endOfDay(addDays(day, -1)).getTime()) / HOUR
      expect(length).toBe(day === '2020-03-29' ? 23 : day === '2020-10-25' ? 25 : 24)
    }
    expect(addDays('2020-02-28', 1)).toBe('2020-02-29')
    expect(addDays('2021-02-28', 1)).toBe('2021-03-01')
    expect(addDays('2020-01-01', -1)).toBe('2019-12-31')
  })
})
