using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Outgoing;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Webhooks;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Webhooks;

/// <summary>The worker of one webhook, with a room in memory, a receiver in this process, and a clock that the test advances.</summary>
public abstract class WorkerFixture
{
    protected const string Room = "garden";

    private ServiceProvider _services = null!;

    internal LeapingClock Time { get; private set; } = null!;

    internal WebhookReceiver Receiver { get; private set; } = null!;

    internal IWebhookStore Store => _services.GetRequiredService<IWebhookStore>();

    internal IRoomLog Log => _services.GetRequiredService<IRoomLog>();

    internal IRoomCatalog Catalog => _services.GetRequiredService<IRoomCatalog>();

    internal WebhookConnector Connector => _services.GetRequiredService<WebhookConnector>();

    /// <summary>Further settings of the server.</summary>
    protected virtual IEnumerable<(string Name, string Value)> Settings => [("Webhooks:AllowedNetworks:0", "127.0.0.0/8")];

    [SetUp]
    public async Task StartReceiverAsync()
    {
        Time = new LeapingClock(DateTimeOffset.UtcNow);
        Receiver = await WebhookReceiver.StartAsync();
        Configure();
        await CreateRoomAsync();
    }

    [TearDown]
    public async Task StopReceiverAsync()
    {
        await Receiver.DisposeAsync();
        await _services.DisposeAsync();
    }

    internal void Configure(Action<IServiceCollection>? configure = null, params (string Name, string Value)[] settings)
    {
        _services?.Dispose();
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(
            Settings.Concat(settings).Append((Name: "Data:Durability", Value: "none")).Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build());
        services.AddLogging();
        services.AddSingleton<TimeProvider>(Time);
        services.AddStorage();
        services.AddConnectionRegistry();
        services.AddWebhooks();
        configure?.Invoke(services);
        _services = services.BuildServiceProvider();
    }

    internal async Task CreateRoomAsync()
    {
        await Catalog.CreateRoomAsync(new StoredRoom(Room, "", "u1", IsPrivate: false), int.MaxValue, default);
        await Log.OpenAsync(Room, default);
    }

    internal async Task<StoredWebhook> SetAsync(string? url = null) =>
        (await Store.SetAsync(Room, $"{Guid.NewGuid():n}", url ?? Receiver.Url, WebhookSignature.CreateSecret(), default))!;

    internal async Task PostAsync(params string[] texts) =>
        await Log.AppendAsync(Room, [.. texts.Select(text => new NewEvent(RoomEventKind.Message, "u1", "ann", text))], default);

    internal Task<WebhookStep> StepAsync() => _services.GetRequiredService<WebhookWorker>().StepAsync(Room, default);

    /// <summary>Runs steps of the worker until the kind of a step is not Continue, and returns the result of that step.</summary>
    internal async Task<WebhookStep> RunAsync()
    {
        while (true)
        {
            var step = await StepAsync();
            if (step.Kind != WebhookStepKind.Continue)
                return step;
        }
    }

    /// <summary>Runs one attempt, which fails, and advances the clock to the next attempt. Returns the delay.</summary>
    internal async Task<TimeSpan> FailAndWaitAsync()
    {
        var count = Receiver.Received.Count;
        var step = await RunAsync();
        step.Kind.Should().Be(WebhookStepKind.Wait);
        Receiver.Received.Should().HaveCount(count + 1);
        var delay = step.Until - Time.GetUtcNow();
        (await RunAsync()).Should().Be(step, "the next attempt is not due");
        Receiver.Received.Should().HaveCount(count + 1);
        Time.Advance(delay);
        return delay;
    }

    internal async Task<WebhookProgress> GetProgressAsync() => (await Store.FindAsync(Room, default))!.Progress;

    /// <summary>Resolves names with a function of the test, and counts the look-ups.</summary>
    internal sealed class FakeResolver(Func<string, IPAddress[]> find) : INameResolver
    {
        public int Count { get; private set; }

        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
        {
            Count++;
            return Task.FromResult(find(host));
        }
    }
}
