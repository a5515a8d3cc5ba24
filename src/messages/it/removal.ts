/** Removing a report, or the whole visit, before its time (S25). */
export const removal = {
  title: 'Rimuovi referto',
  heading: 'Vuoi rimuovere questo referto dal portale?',
  headingAll: 'Vuoi rimuovere tutti i referti dal portale?',
  lead: 'L’operazione non si può annullare.',
  leadAll: 'Saranno rimossi tutti gli esami di questa visita. L’operazione non si può annullare.',
  exams: 'Che cosa viene rimosso',
  nowTitle: 'Da subito',
  now: [
    'referto e immagini non si vedono e non si scaricano più da qui;',
    'i download in corso si interrompono;',
    'il medico con cui li hai condivisi non li vede più.',
  ],
  nowAll: 'i tuoi PIN non funzionano più e vieni disconnesso, su ogni dispositivo.',
  shares: (count: number) =>
    count === 1
      ? 'C’è 1 condivisione attiva: verrà interrotta.'
      : `Ci sono ${count} condivisioni attive: verranno interrotte.`,
  savedTitle: 'Ti servono ancora?',
  saved: 'Se vuoi conservarli, prima di rimuoverli scarica il referto firmato e le immagini.',
  paperTitle: 'La copia su carta resta disponibile',
  paper: (organisation: string) =>
    `Puoi sempre ritirare il referto su carta allo sportello di ${organisation}.`,
  submit: 'Sì, rimuovi',
  submitAll: 'Sì, rimuovi tutto',
  keep: 'No, torna all’elenco',
  done: {
    title: 'Rimozione completata',
    heading: 'Rimozione completata',
    text: 'Referto e immagini non sono più raggiungibili online e i PIN non funzionano più. Anche le condivisioni e i download si sono interrotti.',
    partTitle: 'Referto rimosso',
    part: 'Non è più raggiungibile online: anche le sue condivisioni e i suoi download si sono interrotti.',
  },
}
