import { inArray, or, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import type { visits } from '../database/schema.ts'
import { type Found, personOf } from './find.ts'
import { identifierType, localSystem, type Place, type Resource, resource, SYSTEMS } from './resource.ts'
import { v } from './tables.ts'

type Visit = typeof visits.$inferSelect
/** A resource, with the visits that were read for it and whose report's content is in it. */
export type Read = { resource: Resource; visitIds: string[]; examId: string | null; content: boolean }

/** Patients: a person is all visits of one tax code, told as the newest of them was registered. */
export async function readPatients(db: Database, place: Place, found: Found[]): Promise<Read[]> {
  const ids = found.map(({ id }) => id)
  if (ids.length === 0) return []
  const upperTaxCode = sql`upper(${v.taxCode})`
  const first = await db
    .select({ taxCode: upperTaxCode.mapWith(String) })
    .from(v)
    .where(inArray(v.id, ids))
  const taxCodes = first.flatMap(({ taxCode }) => taxCode ?? [])
  const all = await db
    .select({ person: personOf(sql`v`), visit: v })
    .from(v)
    .where(or(inArray(v.id, ids), taxCodes.length > 0 ? inArray(upperTaxCode, taxCodes) : undefined))
    .orderBy(v.registeredAt, v.id)
  return found.flatMap(({ id, lastUpdated }) => {
    const own = all.filter(({ person }) => person === id).map(({ visit }) => visit)
    const newest = own.at(-1)
    if (!newest) return []
    const visitIds = own.map((visit) => visit.id)
    return { resource: patient(id, newest, lastUpdated, place), visitIds, examId: null, content: false }
  })
}

const GENDERS: Record<string, string> = { M: 'male', F: 'female', O: 'other', U: 'unknown' }

function patient(id: string, visit: Visit, lastUpdated: Date, place: Place): Resource {
  const { familyName, givenName, birthPlace, taxCode, patientId } = visit
  return resource('Patient', id, lastUpdated, {
    extension: birthPlace
      ? [
          {
            url: 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace',
            valueAddress: { text: birthPlace },
          },
        ]
      : [],
    identifier: [
      ...(taxCode
        ? [{ use: 'official', type: identifierType('NI'), system: SYSTEMS.taxCode, value: taxCode }]
        : []),
      ...(patientId
        ? [
            {
              use: 'usual',
              type: identifierType('MR'),
              system: localSystem(place, 'patient-id'),
              value: patientId,
            },
          ]
        : []),
    ],
    name: [{ use: 'official', text: `${familyName} ${givenName}`, family: familyName, given: [givenName] }],
    gender: GENDERS[visit.sex ?? ''] ?? null,
    birthDate: visit.birthDate,
    managingOrganization: { display: place.organisation },
  })
}
