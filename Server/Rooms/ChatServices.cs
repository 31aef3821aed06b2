using System.Reflection;
using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>Creates the <see cref="ChatSession"/> of each connection, and holds the services that all chat sessions share.</summary>
public sealed class ChatServices : IConnectionHandlerFactory
{
    public ChatServices(
        RoomDirectory rooms,
        UserRoomIndex userRoomIndex,
        Memberships memberships,
        IRoomCatalog catalog,
        IMessageSearch search,
        ITokenStore tokens,
        IFileStore files,
        IWebhookStore webhooks,
        IWebhookDelivery webhookDelivery,
        SessionStore sessions,
        Accounts accounts,
        ExternalAccounts externalAccounts,
        IOptions<AuthOptions> auth,
        IOptions<OidcOptions> oidc,
        IOptions<LimitsOptions> limits,
        IOptions<RoomOptions> roomOptions,
        IOptions<OperatorOptions> operators,
        IOptions<DataOptions> data,
        IOptions<FilesOptions> fileOptions,
        INodes nodes,
        ServerMetrics metrics,
        TimeProvider time,
        ILogger<ChatSession> logger)
    {
        Rooms = rooms;
        UserRoomIndex = userRoomIndex;
        Memberships = memberships;
        Catalog = catalog;
        Search = search;
        Tokens = tokens;
        Files = files;
        FileOptions = fileOptions.Value;
        Webhooks = webhooks;
        WebhookDelivery = webhookDelivery;
        Sessions = sessions;
        Accounts = accounts;
        ExternalAccounts = externalAccounts;
        Auth = auth.Value;
        LoginRequirement = new LoginRequirement(Auth, oidc.Value.IsEnabled);
        SupportedRequests = new SupportedRequests(data.Value.Search, FileOptions.Enabled, webhookDelivery.IsEnabled, externalAccounts.IsEnabled, oidc.Value.IsEnabled, Auth);
        Limits = limits.Value;
        Operators = operators.Value.Accounts.ToHashSet(StringComparer.OrdinalIgnoreCase);
        NamedMembers = roomOptions.Value.NamedMembers;
        ReservedRoomNames = new ReservedRoomNames(roomOptions);
        Nodes = nodes;
        Metrics = metrics;
        Time = time;
        Logger = logger;
        ErrorRate = new Rate(perSecond: 2, Limits.Errors, time);
        RefusalRate = new Rate(Limits.FramesPerSecond / 10.0, Limits.FramesPerSecond * 10, time);
        FrameRate = Limits.Enabled ? new Rate(Limits.FramesPerSecond, Limits.FramesPerSecond * 5, time) : null;
        RoomAccess = new RoomAccess(this);
        IdentityHandler = new IdentityHandler(this);
        RoomHandler = new RoomHandler(this);
        PostHandler = new PostHandler(this);
        ReadMarkHandler = new ReadMarkHandler(this);
        MessageHandler = new MessageHandler(this);
        ModerationHandler = new ModerationHandler(this);
        InviteHandler = new InviteHandler(this);
        SearchHandler = new SearchHandler(this);
        TokenHandler = new TokenHandler(this);
        WebhookHandler = new WebhookHandler(this);
    }

    public RoomDirectory Rooms { get; }

    public UserRoomIndex UserRoomIndex { get; }

    public Memberships Memberships { get; }

    public IRoomCatalog Catalog { get; }

    public IMessageSearch Search { get; }

    public ITokenStore Tokens { get; }

    public IFileStore Files { get; }

    public FilesOptions FileOptions { get; }
    public IWebhookStore Webhooks { get; }

    public IWebhookDelivery WebhookDelivery { get; }

    public SessionStore Sessions { get; }

    public Accounts Accounts { get; }

    public ExternalAccounts ExternalAccounts { get; }

    public AuthOptions Auth { get; }

    public LimitsOptions Limits { get; }

    /// <inheritdoc cref="OperatorOptions.Accounts"/>
    public IReadOnlySet<string> Operators { get; }

    /// <inheritdoc cref="RoomOptions.NamedMembers"/>
    public int NamedMembers { get; }

    public ReservedRoomNames ReservedRoomNames { get; }

    public INodes Nodes { get; }

    public ServerMetrics Metrics { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    /// <summary>
    /// The rate at which a connection may cause errors other than <c>rate-limited</c>. The server closes a connection that exceeds this rate.
    /// </summary>
    public Rate ErrorRate { get; }

    /// <summary>
    /// The rate at which a connection may cause <c>rate-limited</c> errors. The server closes a connection that exceeds this rate.
    /// </summary>
    public Rate RefusalRate { get; }

    /// <summary>The maximum rate at which the server reads the frames of a connection; null for no limit.</summary>
    public Rate? FrameRate { get; }

    /// <summary>The server's name and version, as each welcome shows them.</summary>
    public string Server { get; } = $"RawSocketChat/{typeof(ChatServices).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}";

    internal LoginRequirement LoginRequirement { get; }

    internal RoomAccess RoomAccess { get; }

    internal IdentityHandler IdentityHandler { get; }

    internal RoomHandler RoomHandler { get; }

    internal PostHandler PostHandler { get; }

    internal ReadMarkHandler ReadMarkHandler { get; }

    internal MessageHandler MessageHandler { get; }

    internal ModerationHandler ModerationHandler { get; }

    internal InviteHandler InviteHandler { get; }

    internal SearchHandler SearchHandler { get; }

    /// <summary>The requests that this server offers.</summary>
    public SupportedRequests SupportedRequests { get; }

    internal TokenHandler TokenHandler { get; }

    internal WebhookHandler WebhookHandler { get; }

    public IConnectionHandler Create(Connection connection) => new ChatSession(connection, this);
}
