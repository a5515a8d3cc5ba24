import type { Opened } from './model/model.ts'

/** For the pages that hand over data. */
export type Start = (opened: Opened) => void
