using System.Reflection;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>What every <see cref="ChatSession"/> shares, and what makes them.</summary>
public sealed class ChatServices(
    RoomDirectory rooms,
    Whereabouts whereabouts,
    Memberships memberships,
    IRoomCatalog catalog,
    SessionStore sessions,
    Accounts accounts,
    ConnectionRegistry connections,
    IOptions<LimitsOptions> limits,
    TimeProvider time,
    ILogger<ChatSession> logger) : IConnectionHandlerFactory
{
    public RoomDirectory Rooms { get; } = rooms;

    public Whereabouts Whereabouts { get; } = whereabouts;

    public Memberships Memberships { get; } = memberships;

    public IRoomCatalog Catalog { get; } = catalog;

    public SessionStore Sessions { get; } = sessions;

    public Accounts Accounts { get; } = accounts;

    public ConnectionRegistry Connections { get; } = connections;

    public LimitsOptions Limits { get; } = limits.Value;

    public TimeProvider Time { get; } = time;

    /// <summary>How fast one connection may ask.</summary>
    public Rate Requests { get; } = new(limits.Value.RequestsPerSecond, limits.Value.RequestsPerSecond * 10, time);

    /// <summary>How fast one connection may go wrong.</summary>
    public Rate Errors { get; } = new(perSecond: 2, limits.Value.Errors, time);

    public ILogger Logger { get; } = logger;

    /// <summary>The server's name and version, as every welcome tells it.</summary>
    public string Server { get; } = $"RawSocketChat/{typeof(ChatServices).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}";

    public IConnectionHandler Create(Connection connection) => new ChatSession(connection, this);
}
