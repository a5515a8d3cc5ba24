/** The second way in, by SPID or CIE. */
export const identity = {
  or: 'oppure',
  enter: (name: string) => `Entra con ${name}`,
  hint: 'Con la tua identità digitale i PIN non servono.',
  refused: {
    nothing: {
      title: 'Nessun referto da mostrare',
      text: 'Con questa identità non risultano referti disponibili online in questo momento. I referti restano online per un periodo limitato, e si vedono solo i propri. Se hai i due PIN puoi usarli qui sotto; altrimenti rivolgiti allo sportello.',
    },
    level: {
      title: 'Serve un livello di sicurezza più alto',
      text: 'Per vedere i referti la tua identità digitale deve essere confermata con due fattori (livello 2 o superiore). Riprova scegliendo quel livello, oppure usa i due PIN.',
    },
    cancelled: {
      title: 'Accesso annullato',
      text: 'Non hai completato l’accesso con la tua identità digitale. Puoi riprovare, oppure usare i due PIN.',
    },
    failed: {
      title: 'Accesso non riuscito',
      text: 'Non siamo riusciti a completare l’accesso con la tua identità digitale. Riprova dall’inizio, oppure usa i due PIN.',
    },
    unavailable: {
      title: 'Servizio di identità non raggiungibile',
      text: 'In questo momento l’accesso con l’identità digitale non risponde. Riprova tra qualche minuto, oppure usa i due PIN.',
    },
    locked: {
      title: 'Troppi accessi da questo collegamento',
      text: 'Da questo collegamento a Internet ci sono stati troppi tentativi. Riprova tra un quarto d’ora, oppure usa i due PIN.',
    },
  },
  signedOutThere: (name: string) =>
    `Su questo dispositivo potrebbe essere ancora aperta la sessione di ${name}: se non è tuo, chiudi anche quella.`,
  signOutThere: (name: string) => `Esci anche da ${name}`,
  arriving: {
    title: 'Accesso riuscito',
    text: 'Tra un momento vedrai i tuoi referti.',
    go: 'Vai ai referti',
  },
  visits: {
    title: 'I tuoi accessi',
    heading: 'Scegli quali referti vedere',
    lead: 'Hai referti online di più accessi all’ospedale. Scegli quale aprire: potrai tornare qui in ogni momento.',
    registered: (day: string) => `Accesso del ${day}`,
    exam: (description: string, day: string) => `${description} – ${day}`,
    open: 'Apri',
    openLabel: (day: string) => `Apri i referti dell’accesso del ${day}`,
    shown: 'È quello che stai vedendo',
    back: 'Torna ai referti',
    others: 'Vedi i referti degli altri accessi',
  },
}
