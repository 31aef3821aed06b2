using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Tests.Support;
using RawSocketChat.Tests.Webhooks;

namespace RawSocketChat.Tests.Limits;

/// <summary>The metrics show connections, rejections by limits, and requests to receivers of webhooks.</summary>
public sealed class MetricsTests
{
    [Test]
    public async Task Metrics_show_connections_and_rejections()
    {
        await using var server = await ServerUnderTest.StartAsync("--Addresses:ChargeLoopback", "true", "--Addresses:Connections", "2", "--Limits:MessageBurst", "1");
        var values = new ConcurrentDictionary<string, long>();
        using var listener = Listen(server, values);

        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var first = ann;
        await using var second = await ChatClient.ConnectAsync(server.HttpPort);
        await second.Inbox.ExpectAsync<WelcomeFrame>();
        await using var rejected = await ChatClient.ConnectAsync(server.HttpPort);
        await rejected.Closed.OrFail("the close");
        for (var i = 0; i < 5; i++)
            await ann.SendAsync("""{"type":"say","room":"lobby","text":"hi"}""");
        await ann.Inbox.ExpectAsync<ErrorFrame>(error => error.Error.Code == ErrorCode.RateLimited);

        await TestWait.UntilAsync(
            () =>
            {
                listener.RecordObservableInstruments();
                return values.GetValueOrDefault("rawsocketchat.connections") == 2 && values.GetValueOrDefault("rawsocketchat.rejections rate") > 0;
            },
            () => $"the metrics; got {string.Join(", ", values)}");
        values["rawsocketchat.addresses"].Should().Be(1);
        values["rawsocketchat.rejections address"].Should().Be(1);
    }

    [Test]
    public async Task Metric_counts_the_requests_to_receivers_of_webhooks()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var server = await ServerUnderTest.StartAsync(WebhookRoom.Settings);
        var values = new ConcurrentDictionary<string, long>();
        using var listener = Listen(server, values);
        await using var room = await WebhookRoom.CreateAsync(server);
        await room.SetAsync(receiver.Url);
        await room.SayAsync("delivered");
        await TestWait.UntilAsync(() => values.GetValueOrDefault("rawsocketchat.webhooks delivered") == 1, () => $"the metric; got {string.Join(", ", values)}");
        receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 500);
        await room.SayAsync("failed");
        await TestWait.UntilAsync(() => values.GetValueOrDefault("rawsocketchat.webhooks failed") == 1, () => $"the metric; got {string.Join(", ", values)}");
    }

    private static MeterListener Listen(ServerUnderTest server, ConcurrentDictionary<string, long> values)
    {
        var listener = new MeterListener
        {
            // Other servers of this process have meters of the same name.
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == ServerMetrics.MeterName && instrument.Meter.Scope == server.Services.GetRequiredService<IMeterFactory>())
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => values.AddOrUpdate($"{instrument.Name} {(tags.Length > 0 ? tags[0].Value : null)}", value, (_, sum) => sum + value));
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => values[instrument.Name] = value);
        listener.Start();
        return listener;
    }
}
