using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>Browsers, wscat and nc chat in one room. The tests run the real programs and the real server.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed partial class MixedClientsTests
{
    private const int Rounds = 10;
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Two_browsers_wscat_and_nc_receive_the_messages_in_the_same_order()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await using var bob = await ChatPage.JoinAsync(_server.HttpPort, "bob");
        await using var wes = await WscatAsync("wes");
        await using var nat = await NcAsync("nat");

        // Ten messages from each person are within the rate limit.
        for (var round = 1; round <= Rounds; round++)
        {
            await Task.WhenAll(
                ann.SayAsync($"ann {round}: a browser's <b>words</b> & more"),
                nat.TypeAsync($"nat {round}: naïve café ☕"),
                wes.TypeAsync($"wes {round}: \"quoted\" \\ and 🙂"),
                bob.SayAsync($"bob {round}: C:\\temp, 100 % & {{braces}}"));
        }

        await ExpectAllAsync(ann);
        await ExpectAllAsync(bob);
        await TestWait.UntilAsync(() => ReadWscat(wes).Count >= 4 * Rounds, () => $"all messages in wscat:\n{string.Join('\n', wes.Lines)}");
        await TestWait.UntilAsync(() => ReadNetcat(nat).Count >= 4 * Rounds, () => $"all messages in nc:\n{string.Join('\n', nat.Lines)}");

        var order = await ReadPageAsync(ann);
        order.Should().OnlyHaveUniqueItems();
        foreach (var name in (string[])["ann", "bob", "wes", "nat"])
        {
            order.Where(line => line.StartsWith($"{name} ", StringComparison.Ordinal)).Select(line => Number().Match(line).Value)
                .Should().Equal(Enumerable.Range(1, Rounds).Select(round => $"{round}"), $"{name} sent the messages in this order");
        }

        (await ReadPageAsync(bob)).Should().Equal(order);
        ReadWscat(wes).Should().Equal(order);
        ReadNetcat(nat).Should().Equal(order);
    }

    [Test]
    public async Task Server_suggests_the_right_command_to_wscat_and_nc()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await using var wes = await WscatAsync("wes");
        await using var nat = await NcAsync("nat");

        await wes.TypeAsync("/jion lobby");
        await wes.ExpectAsync("\"hint\":\"/join lobby\"");
        await nat.TypeAsync("/jion lobby");
        await nat.ExpectAsync("try: /join lobby");

        await nat.TypeAsync("still here");
        await wes.ExpectAsync("\"still here\"");
        await ann.ExpectMessageAsync("still here");
    }

    [Test]
    public async Task Server_announces_joins_and_leaves_to_a_browser_and_to_nc()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await using var nat = await NcAsync("nat");
        var wes = await WscatAsync("wes");
        await nat.ExpectAsync("-!- wes joined #lobby");
        await Assertions.Expect(ann.Page.Locator("#members .member")).ToHaveCountAsync(3);

        await wes.DisposeAsync();
        await nat.ExpectAsync("-!- wes left #lobby");
        await Assertions.Expect(ann.Page.Locator("#members .member")).ToHaveCountAsync(2);
    }

    private static Task ExpectAllAsync(ChatPage page) =>
        Assertions.Expect(page.Page.Locator("#log .message[data-state=sent]")).ToHaveCountAsync(4 * Rounds);

    private async Task<Terminal> WscatAsync(string name)
    {
        var wscat = Terminal.RunInteractively($"{InstalledTools.Wscat} -c 'ws://127.0.0.1:{_server.HttpPort}/ws?name={name}&room=lobby'");
        await wscat.ExpectAsync("\"type\":\"joined\"");
        return wscat;
    }

    private async Task<Terminal> NcAsync(string name)
    {
        var nc = Terminal.Run("nc", "127.0.0.1", $"{_server.RawPort}");
        await nc.TypeAsync($"/nick {name}");
        await nc.TypeAsync("/join lobby");
        await nc.ExpectAsync("you are in #lobby");
        return nc;
    }

    private static async Task<List<string>> ReadPageAsync(ChatPage page) => [.. (await page.ReadAsync()).Select(message => $"{message.Author} {message.Text}")];

    private static List<string> ReadWscat(Terminal wscat) =>
    [
        .. from line in wscat.Lines
           let start = line.IndexOf("< {", StringComparison.Ordinal)
           where start >= 0
           let frame = ChatCodec.TryReadServer(Encoding.UTF8.GetBytes(line[(start + 2)..]), out var read) ? read as MessageFrame : null
           where frame is not null
           select $"{frame.From.Name} {frame.Text}",
    ];

    private static List<string> ReadNetcat(Terminal nc) =>
        [.. nc.Lines.Select(line => TextLine().Match(line)).Where(match => match.Success).Select(match => $"{match.Groups[1]} {match.Groups[2]}")];

    [GeneratedRegex(@"^\[\d\d:\d\d:\d\d\] #lobby <(\w+)> (.*)$")]
    private static partial Regex TextLine();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();
}
