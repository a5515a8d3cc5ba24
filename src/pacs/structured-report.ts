import { type StructuredReport, structuredReportOf } from './content-tree.ts'
import { readDataSet } from './data-set.ts'

/** Basic Text, Enhanced, Comprehensive, Comprehensive 3D and Extensible SR: what a person dictates. Dose and CAD are not shown. */
export const TEXT_REPORTS: ReadonlySet<string> = new Set(
  ['11', '22', '33', '34', '35'].map((last) => `1.2.840.10008.5.1.4.1.1.88.${last}`),
)

/** Reads a structured report to be shown. Throws DicomFormatError. */
export const readStructuredReport = (file: Uint8Array): StructuredReport =>
  structuredReportOf(readDataSet(file), ',')
