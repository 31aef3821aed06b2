using System.Globalization;
using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The page does not publish a password, does not rename an account, and stays logged out after a log-out in another tab.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class AccountPageSafetyTests
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [TestCase(" /login ann {0}", "password")]
    [TestCase("\u00a0\n/LOGIN ann {0}", "password")]
    [TestCase("/login ann {0}\nand more", "on one line")]
    [TestCase("  /register ann {0}\n/join lobby", "on one line")]
    [TestCase("""{{"type":"login","name":"ann","password":"{0}"}}""", "was not sent")]
    [TestCase("""{{"type":"hello","session":"{0}"}}""", "was not sent")]
    [TestCase("look:\n{{\"type\":\"register\",\"password\":\"{0}\"}}\n", "was not sent")]
    public async Task Page_does_not_send_a_pasted_password_as_a_message(string form, string words)
    {
        const string secret = "open-sesame";
        await using var ann = await ChatPage.OpenAsync("about:blank");
        var wire = AccountSteps.RecordWebSockets(ann.Page);
        await ann.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");

        await ann.SayAsync(string.Format(CultureInfo.InvariantCulture, form, secret));
        await Assertions.Expect(ann.Page.Locator(".notice[data-tone=error]")).ToContainTextAsync(words);
        await ann.SayAsync("""{"type":"message","text":"a frame without a secret"}""");
        await ann.ExpectMessageAsync("a frame without a secret");
        wire.Should().NotContain(text => text.Contains(secret, StringComparison.Ordinal));
    }

    [Test]
    public async Task Page_does_not_rename_an_account_to_the_name_in_a_link_or_an_old_tab()
    {
        await using var stale = await ChatPage.JoinAsync(_server.HttpPort, "fool");
        var ann = await ChatPage.OpenAsync(await stale.Page.Context.NewPageAsync(), $"http://127.0.0.1:{_server.HttpPort}/");
        await ann.ExpectInsideAsync("lobby");
        await ann.SayAsync("/nick ann");
        await Assertions.Expect(ann.Page.Locator("#my-name")).ToHaveTextAsync("ann");
        await AccountSteps.RegisterAsync(ann);
        var user = await AccountSteps.GetUserAsync(ann);
        await AccountSteps.LogOutAsync(ann);
        await stale.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=fool&room=lobby");
        await stale.ExpectInsideAsync("lobby");
        await AccountSteps.LogInAsync(ann, "ann");

        await stale.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/");
        await ExpectAnnAsync(stale);
        await stale.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=other&room=lobby");
        await ExpectAnnAsync(stale);
        await Assertions.Expect(stale.Notices.Filter(new() { HasText = "You’re here as ann. This is your account" })).ToHaveCountAsync(1);
        await ann.Page.ReloadAsync();
        await ExpectAnnAsync(ann);

        async Task ExpectAnnAsync(ChatPage page)
        {
            await page.ExpectInsideAsync("lobby");
            await Assertions.Expect(page.Page.Locator("#my-name")).ToHaveTextAsync("ann");
            (await AccountSteps.GetUserAsync(page)).Should().Be(user);
        }
    }

    [Test]
    public async Task Logging_out_in_one_tab_logs_out_all_tabs()
    {
        await using var one = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await AccountSteps.RegisterAsync(one);
        var url = $"http://127.0.0.1:{_server.HttpPort}/";
        var two = await ChatPage.OpenAsync(await one.Page.Context.NewPageAsync(), url);
        await two.ExpectInsideAsync("lobby");
        await AccountSteps.LogOutAsync(one);
        await Assertions.Expect(two.Banner).ToHaveAttributeAsync("data-state", "closed");

        var three = await ChatPage.OpenAsync(await one.Page.Context.NewPageAsync(), url);
        await Assertions.Expect(three.Page.Locator("#join")).ToBeVisibleAsync();
        await two.Page.ReloadAsync();
        await Assertions.Expect(two.Page.Locator("#join")).ToBeVisibleAsync();
    }
}
