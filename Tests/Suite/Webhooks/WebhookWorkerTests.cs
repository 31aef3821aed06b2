using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;
using RawSocketChat.Server.Webhooks;
using RawSocketChat.Tests.Support;
using StandardWebhooks;

namespace RawSocketChat.Tests.Webhooks;

/// <summary>The delivery of one webhook: order, attempts, and what happens to events that cannot be delivered.</summary>
public sealed class WebhookWorkerTests : WorkerFixture
{
    [Test]
    public async Task Receiver_gets_each_event_as_clients_see_it_in_order()
    {
        await PostAsync("before the webhook");
        await SetAsync();
        await PostAsync("hi", "second");
        NewEvent[] changes =
        [
            new(RoomEventKind.Topic, "u1", "ann", "be kind"), new(RoomEventKind.Edited, "u1", "ann", "hello") { Of = 2 }, new(RoomEventKind.Reacted, "u2", "bob", "") { Of = 2, Emoji = "👍" },
            new(RoomEventKind.Moderated, "u1", "ann", "too loud") { Moderation = new ModerationDetails("mute", "u2", "bob", Seconds: 60) }, new(RoomEventKind.Deleted, "u1", "ann", "") { Of = 3 },
        ];
        await Log.AppendAsync(Room, changes, default);
        (await RunAsync()).Kind.Should().Be(WebhookStepKind.Idle);

        var received = Receiver.Received;
        received.Select(webhook => webhook.Type).Should().Equal("message", "message", "topic", "edited", "reacted", "moderated", "deleted");
        received.Select(webhook => webhook.Seq).Should().Equal(2, 3, 4, 5, 6, 7, 8);
        received.Should().OnlyContain(webhook => webhook.Method == "POST" && webhook.Path == "/chat" && webhook.Headers.ContentType == "application/json");
        foreach (var (webhook, stored) in received.Zip(await Log.ReadAfterAsync(Room, 1, 10, int.MaxValue, default)))
        {
            webhook.Data.ToJsonString().Should().Be(System.Text.Json.Nodes.JsonNode.Parse(EventFrames.Create(Room, stored).Frame.Payload.Span)!.ToJsonString());
            ((string)webhook.Json["type"]!, (string)webhook.Json["timestamp"]!).Should().Be(((string)webhook.Data["type"]!, (string)webhook.Data["at"]!));
        }

        received.Select(webhook => webhook.Id).Should().OnlyHaveUniqueItems();
        (await GetProgressAsync()).Should().Be(new WebhookProgress(8));
    }

    [Test]
    public async Task Signature_is_accepted_by_another_implementation_of_Standard_Webhooks()
    {
        var webhook = await SetAsync();
        await PostAsync("hi, 👍 über");
        await RunAsync();
        var received = Receiver.Received.Single();
        var verifier = new StandardWebhook(webhook.Secret);
        verifier.Invoking(other => other.Verify(received.Body, received.Headers)).Should().NotThrow();
        verifier.Invoking(other => other.Verify(received.Body + " ", received.Headers)).Should().Throw<Exception>();
        new StandardWebhook(WebhookSignature.CreateSecret()).Invoking(other => other.Verify(received.Body, received.Headers)).Should().Throw<Exception>();
    }

    [Test]
    public async Task Failed_attempt_is_repeated_with_the_same_id_and_growing_delays_while_later_events_wait()
    {
        Receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 500);
        await SetAsync();
        await PostAsync("first", "second");
        foreach (var seconds in (double[])[5, 300, 1_800, 7_200])
            (await FailAndWaitAsync()).TotalSeconds.Should().BeInRange((seconds * 0.8) - 1, (seconds * 1.2) + 1);
        (await GetProgressAsync()).Should().BeEquivalentTo(new { DeliveredSeq = 0, Failures = 4, Attempts = 4, Error = "the receiver answered 500", FailingSince = Time.Start });

        Receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 200);
        (await RunAsync()).Kind.Should().Be(WebhookStepKind.Idle);
        Receiver.Received.Select(webhook => webhook.Seq).Should().Equal(1, 1, 1, 1, 1, 2);
        Receiver.Received.Take(5).Select(webhook => webhook.Id).Distinct().Should().ContainSingle();
        Receiver.Received.Take(5).Select(webhook => webhook.Headers["webhook-timestamp"].Single()).Should().OnlyHaveUniqueItems();
        (await GetProgressAsync()).Should().Be(new WebhookProgress(2));
    }

    [TestCase(429)]
    [TestCase(503)]
    public async Task Worker_waits_for_the_Retry_After_time_of_the_receiver(int status)
    {
        Receiver.Answer = (_, context) =>
        {
            context.Response.Headers.RetryAfter = "120";
            return WebhookReceiver.SetStatus(context, status);
        };
        await SetAsync();
        await PostAsync("hi");
        (await FailAndWaitAsync()).Should().Be(TimeSpan.FromSeconds(120));
    }

    [Test]
    public async Task Events_that_have_waited_for_RetryHours_become_failed_events()
    {
        Configure(null, ("Webhooks:RetryHours", "1"));
        await CreateRoomAsync();
        Receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 500);
        await SetAsync();
        await PostAsync("first", "second");
        for (var elapsed = TimeSpan.Zero; elapsed < TimeSpan.FromHours(1);)
        {
            elapsed += await FailAndWaitAsync();
            if (elapsed < TimeSpan.FromHours(1))
                (await Store.ListFailedAsync(Room, default)).Should().BeEmpty();
        }

        await PostAsync("young");
        (await RunAsync()).Kind.Should().Be(WebhookStepKind.Wait);
        var attempts = Receiver.Received.Count;
        (await Store.ListFailedAsync(Room, default)).Should().Equal(
            new FailedEvent(1, Now(), attempts, "the receiver answered 500"), new FailedEvent(2, Now(), 0, "the receiver answered 500"));
        (await GetProgressAsync()).Should().BeEquivalentTo(new { DeliveredSeq = 2, Failures = attempts, Attempts = 0 });

        Receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 200);
        Time.Advance(TimeSpan.FromHours(6));
        await RunAsync();
        Receiver.Texts.Last().Should().Be("young");
        (await GetProgressAsync()).Should().Be(new WebhookProgress(3));
    }

    [Test]
    public async Task No_event_becomes_a_failed_event_after_a_leap_of_the_clock()
    {
        Receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 500);
        await SetAsync();
        await PostAsync("hi");
        await RunAsync();
        Time.Leap(TimeSpan.FromDays(400));
        await RunAsync();
        Receiver.Received.Should().HaveCount(2, "according to the wrong clock, the next attempt is due");
        (await Store.ListFailedAsync(Room, default)).Should().BeEmpty();
        (await GetProgressAsync()).DeliveredSeq.Should().Be(0);
    }

    [Test]
    public async Task FailedEvents_limits_the_failed_events_that_are_kept()
    {
        Configure(null, ("Webhooks:RetryHours", "1"), ("Webhooks:FailedEvents", "3"));
        await CreateRoomAsync();
        Receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 500);
        await SetAsync();
        await PostAsync([.. Enumerable.Range(1, 500).Select(number => $"text {number}")]);
        await RunAsync();
        Time.Advance(TimeSpan.FromHours(2));
        await RunAsync();
        (await Store.ListFailedAsync(Room, default)).Select(failed => failed.Seq).Should().Equal(498, 499, 500);
        (await GetProgressAsync()).DeliveredSeq.Should().Be(500);
    }

    [Test]
    public async Task Refused_events_block_the_later_events_only_until_the_third_failure_in_a_row()
    {
        Receiver.Answer = (webhook, context) => WebhookReceiver.SetStatus(context, (string?)webhook.Data["text"] is "good" ? 200 : 400);
        await SetAsync();
        await PostAsync("bad", "worse", "good");
        await FailAndWaitAsync();
        await FailAndWaitAsync();
        (await RunAsync()).Kind.Should().Be(WebhookStepKind.Idle);
        Receiver.Texts.Should().Equal("bad", "bad", "bad", "worse", "good");
        (await Store.ListFailedAsync(Room, default)).Select(failed => (failed.Seq, failed.Attempts, failed.Error)).Should().Equal((1, 3, "the receiver answered 400"), (2, 1, "the receiver answered 400"));
        (await GetProgressAsync()).Should().Be(new WebhookProgress(3));
    }

    [Test]
    public async Task Status_410_turns_the_webhook_off_until_it_is_set_again()
    {
        Receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 410);
        await SetAsync();
        await PostAsync("hi", "second");
        (await RunAsync()).Kind.Should().Be(WebhookStepKind.Idle);
        Time.Advance(TimeSpan.FromDays(2));
        await RunAsync();
        Receiver.Received.Should().ContainSingle();
        (await GetProgressAsync()).Should().BeEquivalentTo(new { IsOff = true, Error = "the receiver answered 410 (gone), which turns the webhook off" });

        Receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 200);
        await SetAsync();
        await PostAsync("third");
        await RunAsync();
        Receiver.Texts.Should().Equal("hi", "third");
    }

    [Test]
    public async Task Text_is_not_sent_after_its_deletion()
    {
        Receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 500);
        await SetAsync();
        await PostAsync("secret");
        await FailAndWaitAsync();
        Receiver.Received.Single().Body.Should().Contain("secret");
        await Log.AppendAsync(Room, [new NewEvent(RoomEventKind.Deleted, "u1", "ann", "") { Of = 1 }], default);
        Receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 200);
        await RunAsync();
        Receiver.Received.Skip(1).Should().NotContain(webhook => webhook.Body.Contains("secret"));
        ((bool)Receiver.Received[1].Data["deleted"]!).Should().BeTrue();
        Receiver.Received[1].Id.Should().Be(Receiver.Received[0].Id);
    }

    [Test]
    public async Task Receiver_gets_a_gap_for_events_that_are_no_longer_in_the_log()
    {
        Configure(null, ("Data:KeepEvents", "2"));
        await CreateRoomAsync();
        await SetAsync();
        await PostAsync("1", "2", "3", "4", "5");
        await RunAsync();
        Receiver.Received.Select(webhook => webhook.Type).Should().Equal("gap", "message", "message");
        ((long)Receiver.Received[0].Data["from"]!, (long)Receiver.Received[0].Data["to"]!).Should().Be((1, 3));
        Receiver.Texts.Skip(1).Should().Equal("4", "5");
    }

    [Test]
    public async Task Retry_request_sends_the_failed_events_in_order_before_the_waiting_events()
    {
        await FailFirstTwoAsync();
        await PostAsync("third");
        Receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 200);
        await Store.RetryAsync(Room, default);
        var ids = Receiver.Received.Take(1).Select(webhook => webhook.Id);
        (await RunAsync()).Kind.Should().Be(WebhookStepKind.Idle);
        Receiver.Texts.TakeLast(3).Should().Equal("first", "second", "third");
        Receiver.Received[^3].Id.Should().Be(ids.Single(), "the receiver may have processed the first attempt");
        (await Store.ListFailedAsync(Room, default)).Should().BeEmpty();
        (await GetProgressAsync()).Should().Be(new WebhookProgress(3));
    }

    [Test]
    public async Task Retry_request_stops_at_the_first_failure_and_keeps_the_failed_events()
    {
        await FailFirstTwoAsync();
        var before = await Store.ListFailedAsync(Room, default);
        var count = Receiver.Received.Count;
        await Store.RetryAsync(Room, default);
        await RunAsync();
        Receiver.Received.Should().HaveCount(count + 1);
        (await Store.ListFailedAsync(Room, default)).Should().Equal(before[0] with { At = Now(), Attempts = before[0].Attempts + 1 }, before[1]);
    }

    [Test]
    public async Task Retry_request_continues_after_an_event_that_the_receiver_refuses()
    {
        await FailFirstTwoAsync();
        Receiver.Answer = (webhook, context) => WebhookReceiver.SetStatus(context, (string?)webhook.Data["text"] == "first" ? 422 : 200);
        await Store.RetryAsync(Room, default);
        await RunAsync();
        Receiver.Texts.TakeLast(2).Should().Equal("first", "second");
        (await Store.ListFailedAsync(Room, default)).Select(failed => failed.Seq).Should().Equal(1);
    }

    [Test]
    public async Task Redirect_is_not_followed()
    {
        Receiver.Answer = (_, context) =>
        {
            context.Response.Headers.Location = "/other";
            return WebhookReceiver.SetStatus(context, 307);
        };
        await SetAsync();
        await PostAsync("hi");
        (await RunAsync()).Kind.Should().Be(WebhookStepKind.Wait);
        Receiver.Received.Should().ContainSingle();
        (await GetProgressAsync()).Error.Should().Be("the receiver answered 307, but the server follows no redirects");
    }

    [Test]
    public async Task Server_reads_only_a_part_of_a_long_answer_and_ignores_cookies()
    {
        Receiver.Answer = async (_, context) =>
        {
            context.Response.Headers.SetCookie = "a=b";
            var block = Encoding.UTF8.GetBytes(new string('x', 64 * 1024));
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(block, context.RequestAborted);
        };
        await SetAsync();
        await PostAsync("hi", "second");
        (await RunAsync().OrFail("the end of both requests")).Kind.Should().Be(WebhookStepKind.Idle);
        Receiver.Received.Should().HaveCount(2).And.OnlyContain(webhook => !webhook.Headers.ContainsKey("Cookie"));
    }

    [Test]
    public async Task Attempt_fails_if_the_receiver_does_not_answer_within_TimeoutSeconds()
    {
        var never = new TaskCompletionSource();
        Receiver.Answer = (_, context) => Task.WhenAny(never.Task, Task.Delay(Timeout.Infinite, context.RequestAborted));
        await SetAsync();
        await PostAsync("hi");
        var step = StepAsync();
        await Receiver.ExpectAsync(1);
        step.IsCompleted.Should().BeFalse();
        Time.Advance(TimeSpan.FromSeconds(15));
        (await step.OrFail("the end of the attempt")).Kind.Should().Be(WebhookStepKind.Wait);
        (await GetProgressAsync()).Error.Should().Be("the receiver cannot be reached", "a moderator must not be able to scan a network that is not public");
        never.SetResult();
    }

    [Test]
    public async Task Answer_of_the_old_receiver_changes_nothing_after_the_webhook_was_set_again()
    {
        await using var other = await WebhookReceiver.StartAsync();
        Receiver.Answer = async (_, context) =>
        {
            await SetAsync(other.Url);
            await WebhookReceiver.SetStatus(context, 410);
        };
        await SetAsync();
        await PostAsync("hi");
        (await RunAsync()).Kind.Should().Be(WebhookStepKind.Idle);
        other.Texts.Should().Equal("hi");
        (await GetProgressAsync()).Should().Be(new WebhookProgress(1));
    }

    [Test]
    public async Task Receiver_gets_no_event_of_a_new_room_with_the_name_of_a_removed_room()
    {
        Configure(services => services.AddSingleton<IRoomLog>(provider => new ReplacingLog(provider.GetRequiredService<MemoryRoomLog>(), ReplaceRoomAsync)));
        await CreateRoomAsync();
        await SetAsync();
        await PostAsync("of the old room");
        (await RunAsync()).Kind.Should().Be(WebhookStepKind.Removed);
        Receiver.Received.Should().BeEmpty();

        async Task ReplaceRoomAsync()
        {
            await Catalog.RemoveRoomAsync(Room, default);
            await CreateRoomAsync();
            await PostAsync("of the new room");
        }
    }

    // Posts two events, and waits until both are failed events. The receiver still answers 500 afterwards.
    private async Task FailFirstTwoAsync()
    {
        Receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 500);
        await SetAsync();
        await PostAsync("first", "second");
        await RunAsync();
        Time.Advance(TimeSpan.FromHours(25));
        await RunAsync();
        (await Store.ListFailedAsync(Room, default)).Select(failed => failed.Seq).Should().Equal(1, 2);
    }

    private DateTimeOffset Now() => Time.GetUtcNow();

    /// <summary>A log that replaces the room before each read of events.</summary>
    private sealed class ReplacingLog(IRoomLog log, Func<Task> replace) : IRoomLog
    {
        public ValueTask<RoomLogState> OpenAsync(string room, CancellationToken cancellationToken) => log.OpenAsync(room, cancellationToken);

        public ValueTask<IReadOnlyList<AppendResult>> AppendAsync(string room, IReadOnlyList<NewEvent> batch, CancellationToken cancellationToken) => log.AppendAsync(room, batch, cancellationToken);

        public async ValueTask<IReadOnlyList<RoomEvent>> ReadAfterAsync(string room, long after, int max, int maxBytes, CancellationToken cancellationToken)
        {
            await replace();
            return await log.ReadAfterAsync(room, after, max, maxBytes, cancellationToken);
        }

        public ValueTask<IReadOnlyList<RoomEvent>> ReadBeforeAsync(string room, long before, int max, int maxBytes, CancellationToken cancellationToken) =>
            log.ReadBeforeAsync(room, before, max, maxBytes, cancellationToken);
    }
}
