using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

/// <content>Names that are kept: what <see cref="Accounts"/> needs of the store.</content>
public sealed partial class SessionStore
{
    internal StoredAccount? FindAccount(string skeleton)
    {
        lock (_gate)
            return _names.Find(skeleton);
    }

    /// <summary>Keeps others from the name until <see cref="Unreserve"/>, while an account is made of it.</summary>
    /// <param name="name">As it will be kept.</param>
    /// <param name="refusal">Why it cannot be had; null with a result of false where the user registers already.</param>
    internal bool TryReserve(User user, string wanted, out string name, out NameRefusal? refusal)
    {
        lock (_gate)
        {
            var canBeHad = _names.CanHave(wanted, user.Id, out var found, out refusal);
            name = found ?? wanted;
            return canBeHad && _names.TryReserve(name, user.Id);
        }
    }

    internal void Unreserve(User user)
    {
        lock (_gate)
            _names.Unreserve(user.Id);
    }

    /// <summary>
    /// The session's guest becomes the account, which is stored: by its name, and with another token. The old one ends; the
    /// session's other connections stay.
    /// </summary>
    internal async Task KeepAsync(Session session, StoredAccount account)
    {
        Task storing;
        lock (_gate)
        {
            _names.Add(account);
            _names.Unreserve(account.User);
            var user = session.User;
            user.IsGuest = false;
            if (session.IsEnded)
                return;

            _ends++;
            var before = session.TokenHash;
            _byHash.Remove(before);
            session.Token = SessionToken.New();
            session.IsStored = false;
            _byHash.Add(session.TokenHash, session);
            if (user.Name != account.Name)
                Rename(user, account.Name, _ => { });
            // The new one first: a crash between the two leaves nobody without a session.
            storing = Task.WhenAll(SaveAsync(session), EndStoredAsync(before));
        }

        await storing;
    }

    /// <summary>The account's password is stored by another hash from now on.</summary>
    internal void Replace(StoredAccount account)
    {
        lock (_gate)
            _names.Add(account);
    }
}
