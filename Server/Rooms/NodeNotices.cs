using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Handles the notices of the other servers: ended sessions, new names, memberships, invitations, read marks, removed rooms, and users who are writing.
/// Also looks in the storage for ended sessions, because a notice may be lost. Does nothing on a single server.
/// </summary>
public sealed class NodeNotices(
    INodes nodes, RoomDirectory rooms, UserRoomIndex userRoomIndex, Memberships memberships, SessionStore sessions, IRoomCatalog catalog, TimeProvider time, ILogger<NodeNotices> logger) : IHostedService
{
    // The maximum number of sessions that the server looks up each second.
    private const int MaxSessions = 2_000;

    // The server writes its names and sessions to the database again after this number of sweeps. There is one sweep each second.
    private const int SweepsBetweenRenewals = 10;

    private int _sweeps;
    private int _checkedSessions;
    private int _isSweeping;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        nodes.NoticeReceived += OnNotice;
        nodes.NoticesMissed += OnNoticesMissed;
        nodes.Swept += OnSwept;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        nodes.NoticeReceived -= OnNotice;
        nodes.NoticesMissed -= OnNoticesMissed;
        nodes.Swept -= OnSwept;
        return Task.CompletedTask;
    }

    private void OnNotice(NodeNotice notice) => _ = TryAsync(() => HandleAsync(notice));

    // Notices about the memberships of connected users may be among the missed ones. After a failover, the database has lost the names in use (an
    // unlogged table), so the next sweep claims the names of this server again.
    private void OnNoticesMissed() => _ = TryAsync(async () =>
    {
        Volatile.Write(ref _sweeps, SweepsBetweenRenewals - 1);
        foreach (var user in sessions.ConnectedUsers)
            await memberships.ReloadAsync(user);
    });

    private void OnSwept()
    {
        if (Interlocked.Exchange(ref _isSweeping, 1) == 0)
            _ = TryAsync(SweepAsync);
    }

    private async Task HandleAsync(NodeNotice notice)
    {
        switch (notice)
        {
            case RoomRemovedNotice removed when rooms.FindOpen(removed.Room) is { } room:
                // Another user may already have created a new room with this name.
                if (await catalog.FindRoomAsync(removed.Room, CancellationToken.None) is null)
                    await rooms.CloseLostAsync(room, rooms.CreateEnd(room, new Person(removed.User, removed.Name)));
                break;
            case SessionsEndedNotice ended:
                await CloseEndedAsync(sessions.GetConnectedSessions(ended.User));
                break;
            case UserRenamedNotice renamed:
                if (sessions.FollowRename(renamed.User, renamed.Name) is { } previousName)
                {
                    foreach (var room in userRoomIndex.GetRooms(renamed.User))
                        await room.RenameAsync(new Person(renamed.User, renamed.Name), previousName);
                }

                break;
            case MembershipNotice membership when sessions.FindConnectedUser(membership.User) is { } user:
                await memberships.ReloadAsync(user);
                if (membership is { InvitedBy: { } inviter, InviterName: { } inviterName })
                    await AnnounceInvitationAsync(membership, new Person(inviter, inviterName));
                break;
            case TypingNotice typing when rooms.FindOpen(typing.Room) is { } room:
                await room.AnnounceRemoteTypingAsync(new Person(typing.User, typing.Name), typing.Off);
                break;
            case ReadNotice read when rooms.FindOpen(read.Room) is { } room && sessions.FindConnectedUser(read.User) is not null:
                if (await catalog.GetMemberAsync(read.Room, read.User, CancellationToken.None) is { } state)
                    await room.SendToOthersAsync(except: null, read.User, new ReadFrame(room.Name, state.ReadSeq, state.Unread, state.Mentions).Encode());
                break;
        }
    }

    private async Task AnnounceInvitationAsync(MembershipNotice membership, Person inviter)
    {
        if (await catalog.FindRoomAsync(membership.Room, CancellationToken.None) is not { } room)
            return;
        var frame = new InvitedFrame(room.Name, inviter, time.GetUtcNow(), room.Topic).Encode();
        foreach (var connection in sessions.GetConnections(membership.User))
            connection.Send(frame);
    }

    private async Task SweepAsync()
    {
        try
        {
            var connected = sessions.GetConnectedSessions();
            var next = connected.Skip(_checkedSessions).Take(MaxSessions).ToList();
            _checkedSessions = next.Count < MaxSessions ? 0 : _checkedSessions + MaxSessions;
            await CloseEndedAsync(next);
            if (++_sweeps % SweepsBetweenRenewals != 0)
                return;
            await nodes.RenewNamesAsync([.. sessions.ConnectedUsers.Select(user => new UsedName(user.Id, user.Name, NameSkeleton.CreateAll(user.Name)))], CancellationToken.None);
            await nodes.RenewSessionsAsync([.. sessions.GetConnectedSessions().Select(session => session.TokenHash)], CancellationToken.None);
        }
        finally
        {
            Volatile.Write(ref _isSweeping, 0);
        }
    }

    private async Task CloseEndedAsync(IReadOnlyList<Session> candidates)
    {
        // A session that is not stored yet, or whose new token is not stored yet, is not in the database. Such a session has not ended.
        var stored = candidates.Where(session => session.IsStored).Select(session => (Session: session, Hash: session.TokenHash)).ToList();
        if (stored.Count == 0)
            return;
        var ended = (await nodes.FindEndedSessionsAsync([.. stored.Select(session => session.Hash)], CancellationToken.None)).ToHashSet();
        foreach (var (session, hash) in stored.Where(session => ended.Contains(session.Hash)))
        {
            if (!sessions.EndLocally(session, hash))
                continue;
            foreach (var connection in session.AttachedConnections)
                connection.Close(Disconnect.SessionEnded);
        }
    }

    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await Task.Run(work);
        }
        catch (StorageException)
        {
            // The storage logs its own errors. The next sweep looks for ended sessions again.
        }
#pragma warning disable CA1031 // a failed notice must not end the process
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.NoticeFailed(logger, fault);
        }
    }
}
