/** The shape of a peer in the picture: each trust has its own. */
export function TrustIcon({ trust }: { trust: 'trusted' | 'new' | 'suspected' | 'convicted' }) {
  return (
    <svg class={`trust trust-${trust}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {(trust === 'trusted' || trust === 'new') && <circle cx="8" cy="8" r="6" />}
      {trust === 'suspected' && <path d="M8 1.6 15.2 14.4H.8Z" />}
      {trust === 'convicted' && <path d="M2.5 2.5 13.5 13.5M13.5 2.5 2.5 13.5" />}
    </svg>
  );
}
