import type { StaffMember } from '../../staff/sessions.ts'
import type { Site } from '../../ui/site.ts'
import { DeskLayout } from './layout.tsx'

type Props = { site: Site; staff: StaffMember | undefined; title: string; text: string }

/** What went wrong, and the way home. */
export function DeskErrorPage({ site, staff, title, text }: Props) {
  return (
    <DeskLayout site={site} staff={staff} title={title}>
      <div class="desk-narrow">
        <h1>{title}</h1>
        <p>{text}</p>
        <p>
          <a href="/desk" class="btn btn-primary">
            {site.messages.desk.errors.home}
          </a>
        </p>
      </div>
    </DeskLayout>
  )
}
